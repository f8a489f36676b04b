"""An XDP program that is not ours: it lets everything pass."""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from control.datapath import syscall

_PROG_LOAD = 5  # enum bpf_cmd, linux/bpf.h
_XDP = 6  # enum bpf_prog_type
# r0 = XDP_PASS (2); exit
_PASS = struct.pack("<BBhi", 0xB7, 0, 0, 2) + struct.pack("<BBhi", 0x95, 0, 0, 0)


@contextmanager
def loaded(name: str = "stranger") -> Iterator[int]:
    """The file descriptor of such a program with a name of at most 15 characters."""
    code, licence = ctypes.create_string_buffer(_PASS), ctypes.create_string_buffer(b"GPL")
    attributes = struct.pack(
        "IIQQIIQII16s",
        *(_XDP, len(_PASS) // 8, ctypes.addressof(code), ctypes.addressof(licence)),
        *(0, 0, 0, 0, 0, name.encode()),
    )
    program = syscall.bpf(_PROG_LOAD, attributes)[0]
    try:
        yield program
    finally:
        os.close(program)


def pin(path: Path, name: str = "stranger") -> None:
    """Pin such a program under a path of a bpffs."""
    with loaded(name) as program:
        path.parent.mkdir(parents=True, exist_ok=True)
        syscall.pin(program, str(path))
