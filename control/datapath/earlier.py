"""What a program is told, by the maps in which versions up to 0.1 had it, each by itself.

Their policies and their brake are read when this version takes over from one, and their brake is pulled by hand: what
somebody loosened there must not be lost.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from control.datapath import syscall
from control.datapath.program.layout import MAP_TYPES, MapShape, structure
from control.datapath.program.maps import Maps, array
from control.vocabulary import PROTOCOLS

_INDEX, _MMAPABLE = np.dtype(np.uint32), 1024
_SHAPES = {
    name: MapShape(MAP_TYPES["array"], _INDEX, value, entries, _MMAPABLE)
    for name, value, entries in (
        ("policies", structure("policy"), len(PROTOCOLS)),
        ("lease", np.dtype(np.uint64), 1),
        ("brakes", structure("brake"), 1),
        ("samplings", structure("sampling"), 1),
    )
}


class Rows(NamedTuple):
    """What a program is told, in the kernel's memory.

    Attributes:
        policies: by protocol.
        lease, brake, sampling: of one row each.
    """

    policies: NDArray[Any]
    lease: NDArray[Any]
    brake: NDArray[Any]
    sampling: NDArray[Any]


def fit(maps: Mapping[str, int]) -> bool:
    """Return whether these maps, file descriptors by name, have what such a program is told."""
    return all(name in maps and syscall.map_info(maps[name]) == shape.info for name, shape in _SHAPES.items())


def rows(opened: Maps) -> Rows:
    """Return what such a program is told."""
    policies, lease, brake, sampling = (array(opened, name, shape) for name, shape in _SHAPES.items())
    return Rows(policies, lease["value"], brake, sampling)
