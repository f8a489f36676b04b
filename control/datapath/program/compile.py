"""Compiles the kernel program and pins it: ``python -m control.datapath.program.compile DIRECTORY PARENT``.

This is a process of its own: bcc brings a compiler of some 150 MB, which ends with it. What stays is pinned in
DIRECTORY (of a bpffs): ``program``, ``asked`` and ``maps/NAME``. The parent, of process id PARENT, opens the pins.
"""

import contextlib
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from control.datapath import syscall
from control.datapath.program.headers import build_tree, lay_tree
from control.datapath.program.layout import map_shapes
from control.fault import Fault, Kind, Refused
from control.vocabulary import BPF_DIRECTORY

# Without type information (BTF): up to kernel 6.1 an inner map must have been checked for timers like its template,
# and the maps of a generation, which are made without any, would be refused with EINVAL (bpf_map_meta_equal).
_NO_TYPE_INFORMATION = "-g0"

# All but the templates, which only tell the verifier of what kind the inner maps are; and the events' ring.
PINNED_MAPS = sorted(map_shapes().keys() - {shape.inner for shape in map_shapes().values()} | {"events"})


def _inlined(name: str, inlined: set[str]) -> list[str]:
    """Return the lines of a source with what it includes in their place; each header once, as its guard says."""
    inlined.add(name)
    lines = [f'#line 1 "{name}"']
    for number, line in enumerate((BPF_DIRECTORY / name).read_text().splitlines(), 1):
        include = re.match(r'#include "(.+)"', line)
        if not include:
            lines.append(line)
        elif include[1] not in inlined:
            lines += [*_inlined(include[1], inlined), f'#line {number + 1} "{name}"']
        else:
            lines.append("")
    return lines


@cache
def source(name: str = "wicket.c") -> str:
    """Return the program as one text: bcc rewrites map accesses only in its main file, not in what that includes.

    ``name`` is the file to begin with; a header gives itself and what it includes.
    """
    return "\n".join([*_inlined(name, set()), ""])


@cache
def schema() -> bytes:
    """Return the SHA-256 of the program's source, by which pinned state says what it was compiled from."""
    return hashlib.sha256(source().encode()).digest()


def compile_and_pin(directory: Path, scratch: Path | None = None) -> None:
    """Compile the program in a process of its own and pin it and its maps in ``directory``, which it makes.

    ``scratch`` is a directory for what the compiler reads meanwhile: it is made, emptied, and removed at the end.
    Without one that goes where temporary files go, and stays there when the compiler is killed.

    Raises:
        Refused: the program does not compile or load here, or cannot be pinned.
    """
    command = [sys.executable, "-m", "control.datapath.program.compile", str(directory), str(os.getpid())]
    root = str(BPF_DIRECTORY.parent)
    with _temporary_files_in(scratch) as environment:
        done = subprocess.run(command, capture_output=True, text=True, cwd=root, env=environment, check=False)
    if done.returncode == 0:
        return
    try:
        raise Refused.from_dict(json.loads(done.stderr.splitlines()[-1]))
    except (IndexError, ValueError, KeyError, TypeError):
        fault = Fault("bpf/wicket.c", done.stderr[-2000:].strip() or "no reason given", "run `wicket doctor`")
        raise Refused(Kind.BAD_PINS, "The kernel program does not compile or load", [fault]) from None


PROGRAMS = {"program": "wicket", "asked": "wicket_asked"}
"""What is pinned beside the maps, by its name there: the function of bpf/wicket.c."""


def pin(directory: Path, programs: Mapping[str, int], maps: Mapping[str, int]) -> None:
    """Pin programs and their maps, file descriptors by name, in ``directory``, which it makes.

    A map that no instruction asks is bound to the program: what a program names as its maps is all that is its own.

    Raises:
        OSError: the kernel refuses.
    """
    named = syscall.program_maps(programs["program"])
    (directory / "maps").mkdir(parents=True)
    for name, fd in maps.items():
        if syscall.map_id(fd) not in named:
            syscall.bind_map(programs["program"], fd)
        syscall.pin(fd, str(directory / "maps" / name))
    for name, fd in programs.items():
        syscall.pin(fd, str(directory / name))


@contextlib.contextmanager
def _temporary_files_in(scratch: Path | None) -> Iterator[Mapping[str, str]]:
    """Give the environment of a process that makes its temporary files in a directory; they go with that."""
    if scratch is None:
        yield os.environ
        return
    shutil.rmtree(scratch, ignore_errors=True)  # of a compiler that was killed with its agent
    with contextlib.suppress(OSError):  # the process then takes another place
        scratch.mkdir(parents=True)
    try:
        yield {**os.environ, "TMPDIR": str(scratch)}
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def compiled(text: str, *options: str) -> Any:
    """Return bcc's module of a program in C, with further ``options`` for its compiler; nothing of it is loaded yet.

    Raises:
        Refused: bcc or the headers are not installed.
        Exception: of bcc's own, the text does not compile; the compiler's words are on standard error.
    """
    with tempfile.TemporaryDirectory(prefix="wicket-headers-") as scratch:
        flags: list[str] = []
        if build_tree() is None:
            flags = lay_tree(Path(scratch))
            os.environ["BCC_KERNEL_SOURCE"] = scratch
        try:
            from bcc import BPF
        except ImportError as error:
            fault = Fault("bcc", str(error), "apt install python3-bpfcc, and use Debian's own python3")
            raise Refused(Kind.BAD_PINS, "The compiler is not installed", [fault]) from error
        return BPF(text=text, cflags=[*flags, _NO_TYPE_INFORMATION, *options])


def _hold_against_header(module: Any) -> None:
    """Compare the compiler's view of each map with ours: a difference would be a list that nobody finds."""
    for name, shape in map_shapes().items():
        sizes = syscall.map_info(module[name].map_fd)[1:3]
        if sizes != (shape.key.itemsize, shape.value.itemsize):
            why = f"keys and values are of {sizes} bytes, not {(shape.key.itemsize, shape.value.itemsize)}"
            fault = Fault(f"map {name}", why, "report this: control/datapath/program/layout.py misreads bpf/*.h")
            raise Refused(Kind.BAD_PINS, "The program's maps are not what its header says", [fault])


def _end_with(parent: int) -> None:
    """End when the parent is killed: the agent after it would find us pinning where it builds."""
    syscall.kill_with_parent()
    if os.getppid() != parent:  # it was killed before we asked
        sys.exit(1)


def main() -> int:
    """Compile, pin, and end with the compiler's memory."""
    directory = Path(sys.argv[1])
    _end_with(int(sys.argv[2]))
    try:
        module = compiled(source())
        programs = {name: module.load_func(function, module.XDP).fd for name, function in PROGRAMS.items()}
        _hold_against_header(module)
        pin(directory, programs, {name: module[name].map_fd for name in PINNED_MAPS})
    except Refused as refused:
        return _tell(refused)
    except OSError as error:
        fault = Fault(str(directory), str(error), "give a directory of a mounted, writable bpffs: `wicket doctor`")
        return _tell(Refused(Kind.BAD_PINS, "The kernel program cannot be pinned", [fault]))
    return 0


def _tell(refused: Refused) -> int:
    print(json.dumps(refused.to_dict()), file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
