"""How the drop of a flood scales: from one processor to all of them, from one interface to eight."""

import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

from bench import addresses
from bench.cable import Cable, cable, send_on
from bench.figures.figure import RATIO, ratios
from bench.figures.record import EMPTY, TODAY, Rounds
from bench.packets.contenders import at_end, received
from bench.packets.frames import HANDSHAKE
from bench.run import Program, Run, hold, programs

FRAMES = 400_000  # of a round
ROUNDS = 5
INTERFACES = 8
SIZE, OF_LIST, OF_FLOOD = 1_000_000, 1, 2


def measure(run: Run) -> None:
    """Flood one processor and all, one interface and eight, with a list of a million."""
    run.record.repetitions["scale"] = ROUNDS
    ends = addresses.some(1 << 20, OF_FLOOD)
    with cable(os.cpu_count() or 1) as laid, programs(run, laid) as loaded:
        hold(loaded, SIZE, OF_LIST)
        laid.aim(HANDSHAKE, ends)
        for name, sender in {"drop_warm": "send_fixed", "drop_cold_1m": "send_random"}.items():
            _processors(run, laid, loaded, name, sender)
        with ExitStack() as opened:
            run.tell("drop_warm_8i_over_empty")
            _interfaces(run, [opened.enter_context(cable()) for _ in range(INTERFACES)], loaded)


def _processors(run: Run, laid: Cable, loaded: Mapping[str, Program], name: str, sender: str) -> None:
    """Compare what a second of a processor does alone with what it does while all others do the same."""
    run.tell(f"{name}_all_processors_over_empty")
    processors = sorted(os.sched_getaffinity(0))
    pins = {EMPTY: laid.pin("drop", run.here.bpffs), **{who: program.pin for who, program in loaded.items()}}
    alone: dict[str, list[float]] = {who: [] for who in pins}
    together: dict[str, list[float]] = {who: [] for who in pins}
    for _ in range(ROUNDS):
        for who, pin in pins.items():
            laid.attach(pin)
            alone[who].append(_rate(laid, sender, processors[:1]))
            together[who].append(_rate(laid, sender, processors))
    run.record.share_of_empty(f"{name}_all_processors", together)
    _over(run, f"{name}_all_processors_over_one", together, alone)


def _rate(laid: Cable, sender: str, processors: list[int]) -> float:
    """Return how many million packets come to the program in a second of a processor."""
    before = received(laid.namespace)
    with ThreadPoolExecutor(len(processors)) as senders:
        took = senders.map(lambda each: send_on(laid, sender, HANDSHAKE, FRAMES, each), processors)
        seconds = sum(took)
    return (received(laid.namespace) - before) / seconds / 1e6


def _interfaces(run: Run, cables: list[Cable], loaded: Mapping[str, Program]) -> None:
    """Send as much to eight interfaces with the program as to one of them."""
    one: dict[str, list[float]] = {}
    eight: dict[str, list[float]] = {}
    pins = {EMPTY: None, **{who: program.pin for who, program in loaded.items()}}
    for number in range(len(cables)):
        (run.here.bpffs / f"cable-{number}").mkdir()
    for who, pin in pins.items():
        contenders = []
        for number, laid in enumerate(cables):
            laid.attach(pin or laid.pin("drop", run.here.bpffs / f"cable-{number}"))
            contenders.append(at_end(laid, None))
        for _ in range(ROUNDS):
            one.setdefault(who, []).append(contenders[0].rate("send_fixed", HANDSHAKE, FRAMES))
            each = [contender.rate("send_fixed", HANDSHAKE, FRAMES // INTERFACES) for contender in contenders]
            eight.setdefault(who, []).append(len(each) / sum(1 / rate for rate in each))
    run.record.share_of_empty("drop_warm_8i", eight)
    _over(run, "drop_warm_8i_over_1i", eight, one)


def _over(run: Run, name: str, these: Rounds, those: Rounds) -> None:
    run.record.add(name, RATIO, ratios(these[TODAY], those[TODAY]))
