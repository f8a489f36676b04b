"""What the program says that a new one takes over from: the brake, the policies and the list.

A disk may be older than that: it was full, it was lost, or another was put in its place. What an operator loosened must
not come back because a new version begins.
"""

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from control.datapath import syscall
from control.datapath.controls import RELEASED, Brake, Controls, are_readable
from control.datapath.generations.generation import Generation
from control.datapath.program import loaded
from control.datapath.program.loaded import Loaded
from control.datapath.program.maps import array
from control.fault import Refused


@dataclass(frozen=True, slots=True)
class Predecessor:
    """The program before, of a shape that this version reads.

    Attributes:
        controls: its settings.
        live: its live list; none where it has none, or it cannot be reached.
    """

    controls: Controls
    live: Generation | None


@contextlib.contextmanager
def of(directory: Path, successor: int) -> Iterator[Predecessor | None]:
    """Give what the newest program of the instance says beside ``successor``, an id; None where there is none."""
    with loaded.programs(directory) as found:
        before = [each for each in found if each.id != successor and are_readable(each)]
        if not before:
            yield None
            return
        live = _live(directory, before[-1])
        try:
            yield Predecessor(Controls(before[-1]), live)
        finally:
            if live is not None:
                live.close()


def brake(directory: Path, successor: int) -> Brake:
    """Return what all programs of the instance beside ``successor``, an id, say of the brake together."""
    said = RELEASED
    with loaded.programs(directory) as found:
        for each in found:
            if each.id != successor and are_readable(each):
                said |= Controls(each).brake
    return said


def _live(directory: Path, program: Loaded) -> Generation | None:
    if not program.fits("controls"):
        return None
    controls = array(program, "controls")
    slot = int(controls["active"][0])
    description = controls["generations"][0][slot]
    for place in loaded.PLACES:
        with contextlib.suppress(OSError, Refused):
            return Generation.open(slot, directory / place / "generations" / str(slot), description)
    fds: list[int] = []
    try:
        for outer in ("lines", "entries"):
            number = np.zeros(1, np.uint32)
            if not syscall.lookup(program.maps[outer], np.array([slot], np.uint32), number):
                raise FileNotFoundError
            fds.append(syscall.map_by_id(int(number[0])))
        return Generation(slot, fds[0], fds[1], description)
    except (OSError, Refused, KeyError):
        for fd in fds:
            os.close(fd)
        return None
