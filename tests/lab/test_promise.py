"""The promise of the gateway, with live sessions of every protocol: none loses a packet, whatever becomes of us."""

import contextlib
import random
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from control.allowlist import formats
from control.allowlist.allowlist import Allowlist
from control.commands.list import ReadList, ReplaceList
from control.commands.packets import CheckAddress
from control.fault import Refused
from lab.live import Live, live

KILLS = 8
REPLACEMENTS = 20
LIST = 100_000
KILLS_IN_REPLACEMENT = 6
CHANGES, CHANGE_EVERY = 200, 0.02  # s, where the machine is as fast


@pytest.fixture(scope="module")
def lab(bpffs: Path) -> Iterator[Live]:
    with live(bpffs) as lab:
        yield lab


def _list(lab: Live, network: int) -> bytes:
    """A list as an operator sends it: many hosts of one /8, some prefixes, and the registered servers."""
    hosts = [f"{network}.{n >> 16}.{n >> 8 & 255}.{n & 255}" for n in range(1, LIST - 1000)]
    prefixes = [f"{network}.{64 + (n >> 8)}.{n & 255}.0/24" for n in range(1000 - len(lab.servers))]
    return "\n".join([*hosts, *prefixes, *lab.servers]).encode()


def test_the_agent_is_killed_and_restarted(lab: Live) -> None:
    program = lab.gateway.guarded()[0].program
    serial = lab.must_be_healthy()["serial"]
    with lab.nothing_dropped(), lab.nothing_lost():
        for _ in range(KILLS):
            lab.gateway.kill_agent()
            lab.gateway.start_agent()
    status = lab.must_be_healthy()
    assert (status["serial"], status["count"]) == (serial, len(lab.servers))
    assert lab.gateway.guarded()[0].program == program  # adopted, not replaced


def test_a_long_list_is_replaced(lab: Live) -> None:
    lists = [_list(lab, 11), _list(lab, 12)]
    serial = lab.must_be_healthy()["serial"]
    with lab.nothing_dropped(), lab.nothing_lost():
        for turn in range(REPLACEMENTS):
            answer = lab.gateway.put(lists[turn % 2], Content_Type="text/csv")
            assert answer.status == 200, answer.body
    status = lab.must_be_healthy()
    assert (status["serial"], status["count"]) == (serial + REPLACEMENTS, LIST - 1)


def test_the_agent_is_killed_in_a_replacement(lab: Live) -> None:
    """At any instant of it the live list is either of the two, the same in the kernel and on disk."""
    lists = [formats.read(_list(lab, network), formats.CSV) for network in (13, 14)]
    seconds = max(_replace(lab, addresses) for addresses in lists)
    serial = lab.must_be_healthy()["serial"]
    with lab.nothing_dropped(), lab.nothing_lost():
        for turn in range(KILLS_IN_REPLACEMENT):
            replacing = threading.Thread(target=_replace, args=(lab, lists[turn % 2]))
            replacing.start()
            time.sleep(random.uniform(0, seconds))
            lab.gateway.kill_agent()
            replacing.join()
            lab.gateway.start_agent()
            serial = _holds_one_of(lab, lists, serial)


def _replace(lab: Live, allowlist: Allowlist) -> float:
    """Replace the list by the agent's socket; return how many seconds it took."""
    started = time.monotonic()
    with contextlib.suppress(Refused):  # the agent was killed before it answered
        lab.gateway.socket.ask(ReplaceList(), allowlist.pack())
    return time.monotonic() - started


def _holds_one_of(lab: Live, lists: list[Allowlist], serial: int) -> int:
    """The list is one of two, in the kernel too, and not older than ``serial``; return its serial."""
    status = lab.must_be_healthy()
    head, body = lab.gateway.socket.fetch(ReadList())
    held = Allowlist.unpack(body)
    assert held in lists
    assert head.serial == status["serial"] >= serial
    for network, allowlist in zip((13, 14), lists, strict=True):
        for address in (f"{network}.0.0.1", f"{network}.1.0.1", f"{network}.64.7.1"):
            answer = lab.gateway.socket.ask(CheckAddress(address=address))
            assert (answer.registered, answer.live) == (held == allowlist,) * 2, address
    return head.serial


def test_a_flood_of_small_changes(lab: Live) -> None:
    lab.gateway.push(lab.servers)
    begun = time.monotonic()
    with lab.nothing_dropped(), lab.nothing_lost():
        for turn in range(CHANGES):
            entries = [{"prefix": f"15.0.{turn // 2}.1"}, {"prefix": f"15.{turn // 2}.64.0/24"}]
            answer = lab.gateway.patch({"remove" if turn % 2 else "add": entries})
            assert answer.status == 200, answer.body
            time.sleep(max(0.0, begun + (turn + 1) * CHANGE_EVERY - time.monotonic()))
    lab.must_be_healthy()


def test_sessions_start_while_the_agent_is_dead(lab: Live) -> None:
    # The last test here: what refused sessions leave behind (TCP, that is sent again for minutes) is dropped.
    lab.gateway.kill_agent()
    lab.registered_start()
    lab.unregistered_are_refused()
    lab.gateway.start_agent()
    lab.must_be_healthy()
