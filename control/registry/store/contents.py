"""What is in a backup, before it is restored: which moment it is of, its live list, and who had got how far."""

import gzip
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from control.allowlist.allowlist import Allowlist
from control.fault import Fault, Kind, Refused
from control.registry.progress import Progress, no_progress
from control.registry.store import listed

FORMAT = "wicket registry backup 1"
TITLE = "The backup cannot be restored"
STRIDE = 2000
"""Rows between two reports of progress."""

MAGIC = b"\x1f\x8b"
"""How a file of gzip begins (RFC 1952, section 2.3.1)."""


class BadBackup(Exception):
    """What is wrong with a backup. It is no ``Refused`` yet: that would be audited, and be in the next try's way."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = faults
        super().__init__(faults)


@dataclass(frozen=True, slots=True)
class Contents:
    """What a backup says.

    Attributes:
        at: which moment it is of.
        rows: how many, of all tables.
        epoch, serial: of its live list.
        live: that list.
        edges: the last serial that each edge had acknowledged by then; none: it had not.
        tokens: how many are good in it.
    """

    at: datetime
    rows: int
    epoch: str
    serial: int
    live: Allowlist
    edges: dict[str, int | None]
    tokens: int


def is_one(file: Path) -> bool:
    """Return whether a file may be a backup, and is no list.

    Raises:
        Refused: "unreadable".
    """
    try:
        with file.open("rb") as raw:
            return raw.read(len(MAGIC)) == MAGIC
    except OSError as error:
        raise Refused(Kind.UNREADABLE, "The file cannot be read", [unreadable(file, error)]) from error


def read(file: Path, progress: Progress = no_progress) -> Contents:
    """Return what a backup says, once it has been read to its end.

    Raises:
        Refused: "unreadable": the file is no backup, or cut off.
    """
    try:
        with gzip.open(file, "rt", encoding="utf-8") as lines:
            return _read(file, iter(lines), progress)
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise Refused(Kind.UNREADABLE, TITLE, [unreadable(file, error)]) from error
    except (KeyError, TypeError, ValueError, StopIteration) as error:
        bad = no_backup(file, f"says something else than a backup does ({type(error).__name__})")
        raise Refused(Kind.UNREADABLE, TITLE, bad.faults) from error
    except BadBackup as bad:
        raise Refused(Kind.UNREADABLE, TITLE, bad.faults) from bad


def parsed(file: Path, line: str) -> Any:
    """Return a line of a backup.

    Raises:
        BadBackup: it is no JSON.
    """
    try:
        return json.loads(line)
    except ValueError:
        raise no_backup(file, "has a line that is no JSON") from None


def demand_header(file: Path, header: Any) -> None:
    """Refuse what does not begin as a backup does.

    Raises:
        BadBackup: so it is.
    """
    if not isinstance(header, dict) or header.get("format") != FORMAT:
        raise no_backup(file, "is no backup of a registry")


def cut_off(file: Path, done: int, total: int) -> BadBackup:
    """Return the fault of a backup that ends too early."""
    return no_backup(file, f"is cut off after {done} of {total} rows")


def no_backup(file: Path, why: str) -> BadBackup:
    """Return the fault of a file that is no backup, or no whole one."""
    return BadBackup([Fault(str(file), why, "name a file that `wicket registry backup` wrote")])


def unreadable(file: Path, error: Exception) -> Fault:
    """Return the fault of a file that cannot be read."""
    return Fault(str(file), str(error), "name another file, or mend the rights to it")


def _read(file: Path, lines: Iterator[str], progress: Progress) -> Contents:
    header = parsed(file, next(lines, ""))
    demand_header(file, header)
    total, done = sum(header["rows"].values()), 0
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in ("ledger", "edge", "edge_ack")}
    live: list[tuple[bytes, int, str, str]] = []
    tokens, table, names, whole = 0, "", list[str](), False
    for line in lines:
        row = parsed(file, line)
        if isinstance(row, dict):
            whole = row.get("end") == done == total
            table, names = row.get("table", ""), row.get("columns", [])
            continue
        done += 1
        if done % STRIDE == 0:
            progress(done, total)
        values = dict(zip(names, row, strict=True))
        if table in found:
            found[table].append(values)
        elif table == "listing" and values["left_serial"] is None:
            entry = bytes.fromhex(values["first"]), values["length"], values["protocols"], values["ports"]
            live.append(entry)
        elif table == "token":
            tokens += values["revoked_at"] is None
    if not whole:
        raise cut_off(file, done, total)
    edges: dict[str, int | None] = {edge["id"]: None for edge in found["edge"]}
    for ack in found["edge_ack"]:
        edges[ack["edge_id"]] = max(edges[ack["edge_id"]] or 0, ack["serial"])
    (ledger,) = found["ledger"]
    return Contents(
        datetime.fromisoformat(header["at"]),
        total,
        ledger["epoch"],
        ledger["serial"],
        listed.of_rows(sorted(live)),
        {edge["name"]: edges[edge["id"]] for edge in found["edge"]},
        tokens,
    )
