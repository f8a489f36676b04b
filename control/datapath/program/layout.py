"""Maps and structures of ``bpf/maps.h`` as Python sees them: numpy types and map shapes, read from the header.

The sizes that the compiler gave the maps are held against these whenever the program is compiled, see
control/datapath/program/compile.py, so the two cannot drift.
"""

import re
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from control.vocabulary import header, words

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


@cache
def constant(expression: str) -> int:
    """Return the value of a product of numbers, #defines and enum counts of the header.

    Raises:
        LookupError: the header does not define a name in it.
    """
    product = 1
    for word in (part.strip() for part in expression.split("*")):
        if word.isdigit():
            product *= int(word)
        elif found := re.search(rf"#define {word}\s+(\d+)", header()):
            product *= int(found[1])
        elif found := re.search(rf"enum (\w+) \{{[^}}]*\b{word},\s*\}}", header()):
            product *= len(words(found[1]))
        else:
            raise LookupError(f"bpf/maps.h does not define {word}")
    return product


@cache
def structure(name: str) -> np.dtype[Any]:
    """Return a C structure of the header, laid out as the compiler does (natural alignment).

    Raises:
        LookupError: the header has no such structure, or a member of unknown type.
    """
    found = re.search(rf"struct {name} \{{(.*?)\n\}};", header(), re.DOTALL)
    if not found:
        raise LookupError(f"bpf/maps.h has no struct {name}")
    fields: list[Any] = []
    for declaration in filter(None, (part.strip() for part in found[1].split(";"))):
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
    """Return the shape of each map of the header by its name; templates of inner maps among them."""
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
