"""The kernel program for tests that need many and ask nothing of the compiler: compiled once, loaded for each.

A program of its own is compiled in 1.5 s, of which loading it is 0.2. `Copies` keeps the instructions that the
product's compiler made and how its maps are shaped, and makes a program of its own of that as often as it is asked.
"""

import ctypes
import os
import struct
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pytest import MonkeyPatch

from control.datapath import syscall
from control.datapath.program import compile as compiler
from control.datapath.program import pins
from control.datapath.program.layout import map_shapes

PROG_LOAD = 5  # enum bpf_cmd, <linux/bpf.h>
BPF_PROG_TYPE_XDP = 6
BPF_LD_IMM64, BPF_PSEUDO_MAP_FD = 0x18, 1  # an instruction that brings a map, and what says that it does
INSTRUCTION = np.dtype([("code", "u1"), ("registers", "u1"), ("offset", "<i2"), ("immediate", "<i4")])


@dataclass(frozen=True)
class Copies:
    """A compiled program.

    Attributes:
        instructions: of each of its entries, as the compiler made them.
        maps: of each, the name of the map that an instruction brings, by the instruction's index.
        shapes: of the maps by name: type, bytes of a key and of a value, most entries, flags.
    """

    instructions: dict[str, NDArray[Any]]
    maps: dict[str, dict[int, str]]
    shapes: dict[str, tuple[int, ...]]

    def pin(self, directory: Path, _: Path | None = None) -> None:
        """Do what ``compile_and_pin`` does, without a compiler: load a program with maps of its own, and pin both."""
        with ExitStack() as opened:
            fds: dict[str, int] = {}
            for name in sorted(self.shapes, key=lambda name: _inner(name) is not None):  # templates come first
                fds[name] = syscall.bpf(syscall.MAP_CREATE, self._map(name, fds))[0]
                opened.callback(os.close, fds[name])
            programs: dict[str, int] = {}
            for name in compiler.PROGRAMS:
                programs[name] = self._load(name, fds)
                opened.callback(os.close, programs[name])
            compiler.pin(directory, programs, {name: fds[name] for name in compiler.PINNED_MAPS})

    def _map(self, name: str, fds: dict[str, int]) -> bytes:
        inner = _inner(name)
        return struct.pack("7I16s", *self.shapes[name], fds[inner] if inner else 0, 0, name.encode()[:15])

    def _load(self, program: str, fds: dict[str, int]) -> int:
        instructions = self.instructions[program].copy()
        for index, name in self.maps[program].items():
            instructions["immediate"][index] = fds[name]
        license_ = np.frombuffer(b"GPL\0", np.uint8)
        head = BPF_PROG_TYPE_XDP, len(instructions), syscall.pointer(instructions), syscall.pointer(license_)
        function = compiler.PROGRAMS[program].encode()
        return syscall.bpf(PROG_LOAD, struct.pack("IIQQIIQII16s", *head, 0, 0, 0, 0, 0, function))[0]


def _inner(name: str) -> str | None:
    return map_shapes()[name].inner if name in map_shapes() else None


def compile_once(directory: Path) -> Copies:
    """Have the product's compiler make the program, in a process that ends with its memory."""
    file = directory / "program.npz"
    command = [sys.executable, "-m", "tests.program", str(file)]
    subprocess.run(command, check=True, cwd=Path(__file__).parents[1], timeout=300)
    with np.load(file) as kept:
        names = [str(name) for name in kept["names"]]
        shapes = {name: tuple(map(int, shape)) for name, shape in zip(names, kept["shapes"], strict=True)}
        instructions = {name: kept[name] for name in compiler.PROGRAMS}
        maps = {name: {int(at): names[which] for at, which in kept[f"maps of {name}"]} for name in compiler.PROGRAMS}
        return Copies(instructions, maps, shapes)


@contextmanager
def copied(copies: Copies) -> Iterator[None]:
    """Have this process load copies where it would compile."""
    with MonkeyPatch.context() as patch:
        patch.setattr(pins, "compile_and_pin", copies.pin)
        yield


def _keep(file: Path) -> None:
    """Compile, and write down what came of it."""
    compiled = compiler.compiled(compiler.source())
    from bcc import lib

    names = sorted(map_shapes().keys() | {"events"})
    by_fd = {compiled[name].map_fd: number for number, name in enumerate(names)}
    kept: dict[str, Any] = {"names": names, "shapes": [syscall.map_info(compiled[name].map_fd) for name in names]}
    for name, function in compiler.PROGRAMS.items():
        start, size = (of(compiled.module, function.encode()) for of in (lib.bpf_function_start, lib.bpf_function_size))
        kept[name] = instructions = np.frombuffer(ctypes.string_at(start, size), INSTRUCTION)
        brings = (instructions["code"] == BPF_LD_IMM64) & (instructions["registers"] >> 4 == BPF_PSEUDO_MAP_FD)
        kept[f"maps of {name}"] = [
            (index, by_fd[int(instructions["immediate"][index])]) for index in np.flatnonzero(brings)
        ]
    np.savez(file, **kept)


if __name__ == "__main__":
    _keep(Path(sys.argv[1]))
