"""What a program's maps hold, as records for the harness of native/."""

import mmap
import os
import struct

import numpy as np

from control.datapath import syscall
from control.datapath.program.layout import MAP_TYPES, MapShape, map_shapes
from control.datapath.program.maps import array
from control.datapath.program.pins import Pinned

FILLED_BY_US = ("array", "hash", "array_of_maps")  # the rest the program fills itself


def state_of(pinned: Pinned) -> bytes:
    """Return the records that give the harness what the kernel has in these maps just now."""
    kinds = {MAP_TYPES[kind]: kind for kind in FILLED_BY_US}
    records = []
    for name, shape in map_shapes().items():
        kind = kinds.get(shape.type)
        if name not in pinned.maps or kind is None:
            continue
        if kind == "array":
            records.append(_array(pinned, name, shape))
        elif kind == "hash":
            records.append(_hash(name, pinned.maps[name], shape))
        else:
            records += _inner(name, pinned.maps[name], shape)
    return b"".join(records)


def _record(name: str, slot: int, keys: bytes, values: bytes, sizes: tuple[int, int, int]) -> bytes:
    return struct.pack("=c16s4I", b"T", name.encode(), slot, *sizes) + keys + values


def _array(pinned: Pinned, name: str, shape: MapShape) -> bytes:
    stored, values = array(pinned, name), np.zeros(shape.entries, shape.value)
    if shape.value.fields is None:
        values[:] = stored["value"]
    else:
        for field in shape.value.fields:
            values[field] = stored[field]
    return _record(name, 0, b"", values.tobytes(), (0, shape.value.itemsize, shape.entries))


def _hash(name: str, fd: int, shape: MapShape, slot: int = 0) -> bytes:
    keys, values = syscall.read_all(fd, shape.key, shape.value, syscall.map_info(fd)[3])
    sizes = shape.key.itemsize, shape.value.itemsize, len(keys)
    return _record(name, slot, keys.tobytes(), values.tobytes(), sizes)


def _inner(name: str, outer: int, shape: MapShape) -> list[bytes]:
    """The map in each slot of a map of maps, and nothing where there is none."""
    records, template = [], map_shapes()[str(shape.inner)]
    for slot in range(shape.entries):
        number = np.zeros(1, np.uint32)
        if not syscall.lookup(outer, np.array([slot], np.uint32), number):
            records.append(_record(name, slot, b"", b"", (0, 0, 0)))
            continue
        fd = syscall.map_by_id(int(number[0]))
        try:
            if template.type == MAP_TYPES["hash"]:
                records.append(_hash(name, fd, template, slot))
            else:
                entries, size = syscall.map_info(fd)[3], template.value.itemsize
                with mmap.mmap(fd, entries * size, prot=mmap.PROT_READ) as table:
                    records.append(_record(name, slot, b"", table[:], (0, size, entries)))
        finally:
            os.close(fd)
    return records
