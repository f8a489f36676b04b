"""What was expected and what was seen, row by row, and the log with every command."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table as Drawn

WIDTH = 150  # columns, where the output is no terminal


class Failed(Exception):
    """A command or a wait did not come out as it had to; its text says which, and what came out."""


@dataclass
class Row:
    """One thing that must be so.

    Attributes:
        subject, name: what is looked at.
        expected, seen: in words.
        ok: whether `seen` is what was expected; None while nothing has been seen.
        seconds: how long it took.
    """

    subject: str
    name: str
    expected: str
    seen: str = ""
    ok: bool | None = None
    seconds: float = 0.0

    def see(self, seen: str, ok: bool) -> None:
        """Note what was seen; a row that saw several things is right when all of them were."""
        self.seen = f"{self.seen}; {seen}" if self.seen else seen
        self.ok = ok if self.ok is None else self.ok and ok


class Log:
    """A file with every command and its output, in the order in which they ended."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._began = time.monotonic()
        self._file = path.open("a", buffering=1)
        self._lock = threading.Lock()

    def write(self, text: str) -> None:
        """Add a paragraph, with the seconds since the beginning."""
        with self._lock:
            self._file.write(f"[{time.monotonic() - self._began:8.1f}] {text.rstrip()}\n")

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class Table:
    """The rows, as they come."""

    def __init__(self, log: Log, console: Console) -> None:
        self.rows: list[Row] = []
        self.log = log
        self._console = console
        self._began = time.monotonic()

    @contextlib.contextmanager
    def row(self, subject: str, name: str, expected: str) -> Iterator[Row]:
        """A row; what fails inside is what was seen, and the rows behind it go on."""
        row = Row(subject, name, expected)
        began = time.monotonic()
        try:
            yield row
        except Failed as failure:
            row.see(str(failure), False)
        row.ok = bool(row.ok)
        row.seconds = time.monotonic() - began
        self.rows.append(row)
        self._tell(row)

    @property
    def wrong(self) -> int:
        """How many rows are not as they must be."""
        return sum(not row.ok for row in self.rows)

    def print(self) -> None:
        """Draw all rows, their number and the total time."""
        drawn = Drawn("subject", "row", "expected", "seen", box=None, pad_edge=False)
        drawn.add_column("seconds", justify="right")
        drawn.add_column("")
        for row in self.rows:
            drawn.add_row(row.subject, row.name, row.expected, row.seen, f"{row.seconds:.1f}", _mark(row))
        self._console.print(drawn, markup=False)
        total = time.monotonic() - self._began
        verdict = f"{len(self.rows)} rows, {self.wrong} not as they must be; {total:.0f} s in all"
        self._console.print(f"\n{verdict}\nlog: {self.log.path}", markup=False)
        with self.log.path.open("a") as file:
            Console(file=file, width=WIDTH).print(drawn, verdict)

    def _tell(self, row: Row) -> None:
        line = f"{_mark(row):5} {row.subject}: {row.name}: {row.seen} ({row.seconds:.1f} s)"
        self._console.print(line, markup=False, highlight=False, soft_wrap=True)
        self.log.write(f"ROW {line}\n  expected: {row.expected}")


def _mark(row: Row) -> str:
    return "ok" if row.ok else "WRONG"
