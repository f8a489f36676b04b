"""Maps and structures of the program as Python sees them: numpy types and map shapes, read from its headers.

The sizes that the compiler gave the maps are held against these whenever the program is compiled, see
control/datapath/program/compile.py, so the two cannot drift.
"""

import re
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from control.vocabulary import constant, header

SCALARS: dict[str, Any] = {"u8": np.uint8, "u16": np.uint16, "u32": np.uint32, "u64": np.uint64}

# enum bpf_map_type, <linux/bpf.h>, by the names that bcc's macros use
MAP_TYPES = {"hash": 1, "array": 2, "percpu_array": 6, "array_of_maps": 12, "ringbuf": 27}

_TABLE = re.compile(r'BPF_F_TABLE\(\s*"(\w+)",\s*([\w ]+),\s*([\w ]+),\s*(\w+),\s*(\w+),\s*(\w+)\)')
_PER_CPU = re.compile(r"BPF_PERCPU_ARRAY\((\w+),\s*([\w ]+),\s*([^)]+)\)")
_OUTER = re.compile(r'BPF_ARRAY_OF_MAPS\((\w+),\s*"(\w+)",\s*(\w+)\)')


@dataclass(frozen=True, slots=True)
class MapShape:
    """What a map must be to be used.

    Attributes:
        type: enum bpf_map_type.
        key: numpy type of a key.
        value: numpy type of a value; of a map's number for a map of maps.
        entries: how many it holds at most; of an inner map: of its template.
        flags: BPF_F_* of <linux/bpf.h>.
        inner: the template's name, for a map of maps.
    """

    type: int
    key: np.dtype[Any]
    value: np.dtype[Any]
    entries: int
    flags: int = 0
    inner: str | None = None

    @property
    def info(self) -> tuple[int, int, int, int, int]:
        """What ``syscall.map_info`` says of a map of this shape; not of an inner map, whose entries differ."""
        return self.type, self.key.itemsize, self.value.itemsize, self.entries, self.flags


@cache
def structure(name: str) -> np.dtype[Any]:
    """Return a C structure of the headers, laid out as the compiler does (natural alignment).

    Raises:
        LookupError: the headers have no such structure, or a member of unknown type.
    """
    definition = re.search(rf"struct {name} \{{(.*?)\n\}};", header(), re.DOTALL)
    if not definition:
        raise LookupError(f"the headers in bpf have no struct {name}")
    fields: list[Any] = []
    for declaration in filter(None, (part.strip() for part in definition[1].split(";"))):
        kind, members = re.fullmatch(r"((?:struct )?\w+)\s+(.*)", declaration, re.DOTALL).groups()  # type: ignore[union-attr]
        for member in members.split(","):
            label, *sizes = re.findall(r"\w+", member)
            shape = tuple(constant(size) for size in sizes)
            fields.append((label, type_of(kind), shape) if shape else (label, type_of(kind)))
    layout: np.dtype[Any] = np.dtype(fields, align=True)
    return layout


def type_of(kind: str) -> np.dtype[Any]:
    """Return the numpy type of "u32" or "struct name"."""
    if kind in SCALARS:
        scalar: np.dtype[Any] = np.dtype(SCALARS[kind])
        return scalar
    return structure(kind.removeprefix("struct "))


@cache
def map_shapes() -> dict[str, MapShape]:
    """Return the shape of each map of ``bpf/maps.h`` by its name; templates of inner maps among them."""
    shapes = {
        name: MapShape(MAP_TYPES[kind], type_of(key), type_of(value), constant(entries), int(flags))
        for kind, key, value, name, entries, flags in _TABLE.findall(header())
    }
    for name, value, entries in _PER_CPU.findall(header()):
        index = np.dtype(np.uint32)
        shapes[name] = MapShape(MAP_TYPES["percpu_array"], index, type_of(value), constant(entries))
    for name, inner, entries in _OUTER.findall(header()):
        index = np.dtype(np.uint32)
        shapes[name] = MapShape(MAP_TYPES["array_of_maps"], index, index, constant(entries), inner=inner)
    return shapes


def padded(value: np.dtype[Any]) -> np.dtype[Any]:
    """Return ``value`` as an array map stores it, each on a multiple of 8 bytes (kernel, array_map_alloc).

    A scalar becomes the one field ``value``.
    """
    stride = -(-value.itemsize // 8) * 8
    if value.fields is None:
        return np.dtype({"names": ["value"], "formats": [value], "offsets": [0], "itemsize": stride})
    names = list(value.fields)
    formats, offsets = zip(*(value.fields[name][:2] for name in names), strict=True)
    return np.dtype({"names": names, "formats": formats, "offsets": offsets, "itemsize": stride})
