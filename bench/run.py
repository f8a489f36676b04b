"""A run of the benchmark: who is measured, where, and what was found so far."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.cable import Cable
from bench.figures.record import Record
from bench.place import Place
from bench.sides.side import Side
from control.datapath import syscall


@dataclass(frozen=True, slots=True)
class Run:
    """What each part of the benchmark is given.

    Attributes:
        here: where it may write and pin.
        sides: the products measured, by name: today's, and base's where there is one.
        record: what takes the figures up.
        tell: says to who waits what is measured just now.
    """

    here: Place
    sides: Mapping[str, Side]
    record: Record
    tell: Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Program:
    """The loaded program of one side.

    Attributes:
        side: whose it is.
        pin: where it is pinned.
        fd: its file descriptor here.
    """

    side: Side
    pin: Path
    fd: int

    @property
    def maps(self) -> Path:
        """The directory under which all of its maps are pinned."""
        return self.pin.parent


@contextmanager
def programs(run: Run, laid: Cable | None = None) -> Iterator[Mapping[str, Program]]:
    """Load every side's program, enforcing, with nobody registered; they are gone afterwards.

    With a cable each has stood at its far end once: a device is only one for test runs once it has its queues.
    """
    loaded: dict[str, Program] = {}
    try:
        for name, side in run.sides.items():
            pin = Path(side.ask("load", bpffs=str(run.here.bpffs))["pin"])
            loaded[name] = Program(side, pin, syscall.open_program(str(pin)))
            side.ask("decide", mode="enforce")
            if laid:
                laid.attach(pin)
                laid.keep_attached(pin)
        yield loaded
    finally:
        for program in loaded.values():
            os.close(program.fd)
            program.side.ask("unload")


def hold(loaded: Mapping[str, Program], size: int, seed: int, named: tuple[str, ...] = ()) -> None:
    """Make a list the live one of every side: so many random addresses, and these prefixes."""
    for program in loaded.values():
        program.side.ask("hold", size=size, seed=seed, named=named)
