"""Heads in files: one a day among an instance's state, for outsiders to take, and whatever somebody else has kept."""

import contextlib
import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from control.fault import BadValueError, Fault, Kind, Refused
from control.registry.audit.chain import Witnessed
from control.witness import head as heads
from control.witness.head import Head, SignedHead

DIRECTORY = "anchors"
"""Directory among an instance's state for the heads, one a day."""

ZERO = "0" * 32


def directory_of(state: Path) -> Path:
    """Return the directory of the heads among an instance's state; before 0.1 was out it had another name."""
    directory, earlier = state / DIRECTORY, state / "published"
    if earlier.is_dir() and not directory.exists():
        with contextlib.suppress(OSError):  # whoever only reads may not; whoever anchors then makes a new one
            earlier.rename(directory)
    return directory


def daily_file(directory: Path, at: datetime) -> Path:
    """Return the file of a day's head, ``audit-2026-11-24.json``, in UTC."""
    return directory / f"audit-{at.astimezone(UTC):%Y-%m-%d}.json"


def write(directory: Path, at: datetime, line: str) -> Path:
    """Write a head into the day's file, and return its path.

    Raises:
        OSError: it cannot be written.
    """
    file = daily_file(directory, at)
    directory.mkdir(parents=True, exist_ok=True)
    scratch = file.with_suffix(f".{os.getpid()}.new")  # several processes may find that the day has none
    scratch.write_text(line + "\n", encoding="utf-8")
    scratch.replace(file)
    return file


def kept(directory: Path) -> Iterator[Witnessed | Fault]:
    """Yield the heads in a directory's files, oldest first, and what is none."""
    for file in sorted(directory.glob("audit-*.json")):
        yield from in_file(file)


def in_file(file: Path) -> Iterator[Witnessed | Fault]:
    """Yield the heads in a file, one a line or a document with ``heads``, and what is none.

    Raises:
        Refused: "unreadable": there is no such file.
    """
    try:
        text = file.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        fault = Fault(str(file), str(error.strerror), "name a file of heads")
        raise Refused(Kind.UNREADABLE, "The heads cannot be read", [fault]) from error
    yield from in_text(text, file.name)


def in_text(text: str, where: str) -> Iterator[Witnessed | Fault]:
    """Yield the heads in a text; ``where`` is whose it is."""
    with contextlib.suppress(ValueError, RecursionError):
        document = json.loads(text)
        if isinstance(document, dict) and isinstance(document.get("heads"), list):
            text = "\n".join(json.dumps(each) for each in document["heads"])
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            signed = _unsigned(line) or heads.read(line)
        except BadValueError as error:
            yield Fault(f"{where}, line {number}", error.why, error.mend)
        else:
            yield Witnessed(signed, f"head {signed.head.number} of {where}" if signed.signature else where)


def _unsigned(line: str) -> SignedHead | None:
    """Return a head as earlier versions wrote it, of the audit alone and without a signature; none: it is no such."""
    try:
        fields: Any = json.loads(line)
        if set(fields) != {"seq", "hash", "at"}:
            return None
        at = datetime.fromisoformat(fields["at"])
        return SignedHead(Head(0, at, int(fields["seq"]), str(fields["hash"]), "", ZERO, 0, 0, ""), "", "")
    except (ValueError, TypeError, RecursionError):
        return None
