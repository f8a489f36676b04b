"""The maps of one program, opened: from where they are pinned, or by the numbers that the program itself names."""

import contextlib
import mmap
from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from control.datapath import syscall
from control.datapath.program.layout import MapShape, map_shapes, padded


class Maps(Protocol):
    """What has a program's maps open."""

    @property
    def maps(self) -> Mapping[str, int]:
        """File descriptors by name."""


def array(opened: Maps, name: str, shape: MapShape | None = None) -> NDArray[Any]:
    """Return an array map as numpy sees it: the kernel's own memory, each store aligned and at once.

    It is of this version's shape, if of no other.
    """
    shape = shape or map_shapes()[name]
    stored = padded(shape.value)
    return np.frombuffer(mmap.mmap(opened.maps[name], shape.entries * stored.itemsize), stored, shape.entries)


def opened_by_number(program: int) -> dict[str, int]:
    """Open the maps that a program uses, by name (needs CAP_SYS_ADMIN); those that are gone are left out.

    ``program`` is its file descriptor. The kernel keeps 15 bytes of a name.
    """
    found: dict[str, int] = {}
    for number in syscall.program_maps(program):
        with contextlib.suppress(FileNotFoundError):
            fd = syscall.map_by_id(number)
            found[syscall.map_name(fd)] = fd
    return found
