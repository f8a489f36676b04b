"""Changes by the running agent and API: whole lists, single entries, and the agent itself with a million entries.

The sides take turns, so that all meet the same weather. Handshakes to registered ends go through the agents' programs
where a figure says "flood", with everything enforced: that none of them is dropped is held, not measured.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from http.client import HTTPConnection
from time import perf_counter

import numpy as np

from bench import addresses, peers
from bench.cable import Cable, cable
from bench.changes.gateways import Gateway, NotAsAskedError, gateways
from bench.changes.lists import MILLION, Lists, always
from bench.changes.load import flooded, reading
from bench.figures.figure import MB, MS, S
from bench.packets.frames import HANDSHAKE
from bench.run import Run

REPLACEMENTS = 10
ROUNDS, FLOODED = 5, 3
IDLE, BUSY = 200, 80  # changes of a round: those of a busy machine wait for a processor
WHAT_ELSE = ("idle", "loaded", "flood")

Gateways = Mapping[str, Gateway]
Rounds = dict[str, list[float]]


def measure(run: Run) -> None:
    """Replace lists, change entries, kill agents."""
    run.record.repetitions |= {"replace": REPLACEMENTS, "change": ROUNDS, "start": ROUNDS}
    with gateways(run, MILLION) as opened, cable() as laid:
        laid.aim(HANDSHAKE, always())
        lists = Lists(run.here.directory)
        _replace(run, opened, lists)
        _change(run, opened, laid)
        _replace_flooded(run, opened, lists, laid)
        _start(run, opened)


def _rounds(opened: Gateways) -> Rounds:
    return {name: [] for name in opened}


def _replace(run: Run, opened: Gateways, lists: Lists) -> None:
    for gateway in opened.values():
        run.tell(f"the first million, {gateway.side.name}")
        gateway.put(lists.file(MILLION, 0), MILLION)
    took = _rounds(opened)
    for number in range(REPLACEMENTS):
        run.tell(f"replace_1m_s, {number + 1} of {REPLACEMENTS}")
        for name, gateway in opened.items():
            took[name].append(gateway.put(lists.file(MILLION, (number + 1) % 2), MILLION))
    run.record.plain("replace_1m_s", S, took)
    for peer, seconds in peers.filled(addresses.some(MILLION, 10)).items():
        run.record.add(f"load_1m_{peer}_s", S, [seconds])
    run.record.plain("agent_rss_mb", MB, {name: [gateway.resident()] for name, gateway in opened.items()})


def _replace_flooded(run: Run, opened: Gateways, lists: Lists, laid: Cable) -> None:
    took = _rounds(opened)
    for number in range(FLOODED):
        run.tell(f"replace_1m_flood_s, {number + 1} of {FLOODED}")
        for name, gateway in opened.items():
            with _flood(gateway, laid):
                took[name].append(gateway.put(lists.file(MILLION, (number + 1) % 2), MILLION))
    run.record.plain("replace_1m_flood_s", S, took)


def _change(run: Run, opened: Gateways, laid: Cable) -> None:
    """Add one address, or remove it again, by PATCH: from the request until the answer, when it is in the kernel."""
    for what in WHAT_ELSE:
        if what == "flood":
            for gateway in opened.values():
                gateway.enforce()
        half, most = _rounds(opened), _rounds(opened)
        for number in range(ROUNDS):
            run.tell(f"change_p99_ms_{what}, {number + 1} of {ROUNDS}")
            for name, gateway in opened.items():
                took = _patched(gateway, laid, what)
                half[name].append(float(np.percentile(took, 50)) * 1000)
                most[name].append(float(np.percentile(took, 99)) * 1000)
        run.record.plain(f"change_p50_ms_{what}", MS, half)
        run.record.plain(f"change_p99_ms_{what}", MS, most)


def _patched(gateway: Gateway, laid: Cable, what: str) -> list[float]:
    """Return the seconds of each of some changes, by one connection."""
    with ExitStack() as meanwhile:
        connection = meanwhile.enter_context(closing(gateway.connected()))
        if what == "loaded":
            meanwhile.enter_context(reading(gateway))
        if what == "flood":
            meanwhile.enter_context(_flood(gateway, laid))
        return [_patch(gateway, connection, number) for number in range(IDLE if what == "idle" else BUSY)]


def _patch(gateway: Gateway, connection: HTTPConnection, number: int) -> float:
    """Add an address of 127.0.0.0/8, where the lists have none, and at the next number remove it again."""
    side, address = ("remove", "add")[number % 2 == 0], f"127.0.{number // 2 >> 8}.{number // 2 & 255}"
    began = perf_counter()
    answer = gateway.ask_by(connection, "PATCH", "/v1/allowlist", {side: [address]})
    took = perf_counter() - began
    if answer.get("added", 0) + answer.get("removed", 0) != 1:
        raise NotAsAskedError(f"{gateway.side.name}: not what was asked for: {answer}")
    return took


def _start(run: Run, opened: Gateways) -> None:
    """Kill each agent and start it again: it adopts what is pinned, and compares it with what is on disk."""
    took = _rounds(opened)
    for number in range(ROUNDS):
        run.tell(f"start_pinned_s, {number + 1} of {ROUNDS}")
        for name, gateway in opened.items():
            took[name].append(gateway.restart())
    run.record.plain("start_pinned_s", S, took)


@contextmanager
def _flood(gateway: Gateway, laid: Cable) -> Iterator[None]:
    """Send handshakes to registered ends meanwhile, and hold that none of them is dropped."""
    before = gateway.counts()
    with flooded(laid, gateway, max(os.sched_getaffinity(0))):
        yield
    after = gateway.counts()
    if lost := after["dropped"] - before["dropped"]:
        raise NotAsAskedError(f"{gateway.side.name}: {lost} packets to registered ends were dropped")
    if after["packets"] == before["packets"]:
        raise NotAsAskedError(f"{gateway.side.name}: no packet came to the agent's program")
