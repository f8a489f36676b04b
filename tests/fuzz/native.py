"""The program compiled for an ordinary process, run as the kernel would run it, and which of its branches it took."""

import json
import struct
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from control.datapath.probe.answer import ANSWER
from control.vocabulary import BPF_DIRECTORY

HARNESS = Path(__file__).with_name("native") / "harness.c"
# Without optimising, a branch of the machine's is one of the source's; functions stay functions, each counted once.
FLAGS = ("-O0", "--coverage", "-Wall", "-Wno-unused", "-Wno-unknown-pragmas")
RESULT = 4 + ANSWER.itemsize  # bytes: what was returned, and the answer


class Untaken(NamedTuple):
    """Ways out of a line's conditions that were never taken.

    Attributes:
        file, line, text: the line; it counts from 1.
        ways: which, counted from 1 as the compiler has them.
        total: of so many.
    """

    file: str
    line: int
    text: str
    ways: tuple[int, ...]
    total: int

    def __str__(self) -> str:
        which = ", ".join(map(str, self.ways))
        return f"{self.file}:{self.line}: way {which} of {self.total}: {self.text}"


@dataclass(frozen=True)
class Branches:
    """How much of a file was run.

    Attributes:
        file: its name.
        taken, total: ways out of its conditions.
        untaken: the lines some of whose were never taken.
    """

    file: str
    taken: int
    total: int
    untaken: tuple[Untaken, ...]


def switches(attached: bool = False, lost: str = "", no_metadata: int = 0, moving: bool = False) -> bytes:
    """Return the record that says what is otherwise from now on: `struct switches` of native/shim.h."""
    return struct.pack("=cI16sII", b"S", attached, lost.encode(), no_metadata, moving)


def frame_record(frame: bytes) -> bytes:
    return b"F" + struct.pack("=I", len(frame)) + frame


class Native:
    """The harness of native/, built in a directory that is given."""

    def __init__(self, directory: Path) -> None:
        """Build it.

        Raises:
            subprocess.CalledProcessError: it does not compile; why is on standard error.
        """
        self._directory = directory
        self._binary = directory / "harness"
        places = [f"-I{HARNESS.parent}", f"-I{BPF_DIRECTORY}"]
        command = ["gcc", *FLAGS, *places, str(HARNESS), "-o", str(self._binary)]
        subprocess.run(command, check=True, cwd=directory)

    def run(self, records: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
        """Run it on records; yield for each frame what the program returned and its answer, as it gives it.

        Raises:
            subprocess.CalledProcessError: it broke off: it read what is behind a frame's end, for one.
        """
        given, came = self._directory / "input", self._directory / "output"
        with given.open("wb") as file:
            file.writelines(records)
        subprocess.run([self._binary, given, came], check=True, cwd=self._directory)
        results = came.read_bytes()
        for at in range(0, len(results), RESULT):
            yield struct.unpack_from("=I", results, at)[0], results[at + 4 : at + RESULT]

    def branches(self) -> list[Branches]:
        """Return what was run of each file of bpf/ until now."""
        notes = next(self._directory.glob("*.gcno"))  # compilers name it differently
        command = ["gcov", "--json-format", "--branch-probabilities", "--stdout", notes.name]
        done = subprocess.run(command, check=True, cwd=self._directory, capture_output=True, text=True)
        files = [file for line in done.stdout.splitlines() for file in json.loads(line)["files"]]
        ours = [file for file in files if BPF_DIRECTORY in (self._directory / file["file"]).resolve().parents]
        return sorted(map(_of_file, ours), key=lambda each: each.file)


def _of_file(file: dict[str, Any]) -> Branches:
    path = Path(file["file"])
    text, untaken = path.read_text().splitlines(), []
    counts: list[int] = []
    for line in file["lines"]:
        number, ways = line["line_number"], [way["count"] for way in line["branches"]]
        counts += ways
        missing = tuple(way for way, count in enumerate(ways, 1) if not count)
        if missing:
            untaken.append(Untaken(path.name, number, text[number - 1].strip(), missing, len(ways)))
    return Branches(path.name, sum(count > 0 for count in counts), len(counts), tuple(untaken))
