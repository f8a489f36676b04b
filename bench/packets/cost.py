"""What one packet costs: a program's own run time by BPF_PROG_TEST_RUN, on frames that come in at a real device.

The same packet comes again and again, so that its entry is in the processor's caches: a flood shows the other case.
"""

import os
from collections.abc import Mapping
from typing import Any

from bench.cable import DROP, PASS, Cable, Turns, cable
from bench.figures.record import EMPTY
from bench.packets.frames import FIVE4, FOUR_AND_TWO, NOBODY4, NOBODY6, REGISTERED, every_length, packets
from bench.run import Program, Run, hold, programs
from lab.packets import CLIENT4, CLIENT6

TURN = 2_000_000  # ns: so short that a turn now and then is left alone by whoever else is at work
MOST, LEAST = 40_000, 1_000  # runs of a turn
TURNS = 6  # of a round
ROUNDS = 11
SEED = 1
SIZES = {"1k": 1_000, "1m": 1_000_000}
USUAL = 20_000
OF_SIZE = ("registered", "dropped", "dropped6")

EVERY4, EVERY6 = every_length((CLIENT4, NOBODY4)), every_length((CLIENT6, NOBODY6))
LENGTHS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "lengths": (FOUR_AND_TWO, ("dropped", "dropped6")),
    "5_lengths": (FIVE4, ("dropped",)),
    "32_lengths": (EVERY4, ("dropped",)),
    "128_lengths": (EVERY6, ("dropped6",)),
    "160_lengths": ((*EVERY4, *EVERY6), ("dropped",)),
}
"""Prefixes in the list beside its addresses, and the packets that are measured with them."""


def measure(run: Run) -> None:
    """Measure each packet with the usual list, then what depends on sizes, lengths and settings."""
    run.record.repetitions["packet"] = ROUNDS
    with cable() as laid, programs(run, laid) as loaded:
        laid.keep_attached(laid.pin("pass", run.here.bpffs))
        hold(loaded, USUAL, SEED, REGISTERED)
        for name, frame in packets().items():
            _measure(run, laid, loaded, name, frame)
        _settings(run, laid, loaded)
        _lengths(run, laid, loaded)
        for name, size in SIZES.items():
            hold(loaded, size, SEED, REGISTERED)
            for what in OF_SIZE:
                _measure(run, laid, loaded, f"{what}_{name}", packets()[what])


def _settings(run: Run, laid: Cable, loaded: Mapping[str, Program]) -> None:
    """Measure what an unregistered packet costs under monitor, with a share, and while packets are sampled."""
    told: Mapping[str, list[tuple[str, dict[str, Any]]]] = {
        "monitored": [("decide", {"mode": "monitor"})],
        "shared": [("decide", {"mode": "enforce", "share": 50})],
        "dropped_sampled": [("decide", {"mode": "enforce"}), ("sample", {"rate": 1000})],
    }
    for name, steps in told.items():
        for program in loaded.values():
            for do, given in steps:
                program.side.ask(do, **given)
        _measure(run, laid, loaded, name, packets()["dropped"])
    for program in loaded.values():
        program.side.ask("sample", rate=0)


def _lengths(run: Run, laid: Cable, loaded: Mapping[str, Program]) -> None:
    for name, (prefixes, what) in LENGTHS.items():
        hold(loaded, USUAL, SEED, (*REGISTERED, *prefixes))
        for packet in what:
            _measure(run, laid, loaded, f"{packet}_{name}", packets()[packet])


def _measure(run: Run, laid: Cable, loaded: Mapping[str, Program], name: str, frame: bytes) -> None:
    run.tell(name)
    fds = {EMPTY: laid.program("pass"), **{who: program.fd for who, program in loaded.items()}}
    verdict = DROP if name.startswith("dropped") else None if name == "shared" else PASS
    processors = sorted(os.sched_getaffinity(0))
    costs: dict[str, list[float]] = {who: [] for who in fds}
    first = laid.costs(fds, frame, Turns(1, LEAST, processors[0]), verdict)
    repeat = int(min(MOST, max(LEAST, TURN / max(first.values()))))
    for number in range(ROUNDS):
        turns = Turns(TURNS, repeat, processors[number % len(processors)])
        for who, cost in laid.costs(fds, frame, turns, verdict).items():
            costs[who].append(cost)
    run.record.above_empty(name, costs)
