"""Seals of what is kept: a SHA-256 over all columns of a row, or of a small table's rows, in a table of their own.

A write by whoever does not know of seals (the version before) breaks them by a trigger: what it wrote is unsealed, and
taken for what it is. A seal that does not match tells that a bit of what was kept is another one now.
"""

import hashlib
from collections.abc import Sequence
from enum import Enum
from typing import Any

from control.edge.state.disk import Disk

SMALL = ("identity", "policy", "interface", "loaded", "followed_epoch")
"""Tables that are sealed as a whole."""

BY_SERIAL = {
    "snapshot": "serial, count, sha256, at, damaged",
    "change": "serial, sha256, at, damaged",
    "followed_snapshot": "serial, count, sha256, at, damaged",
    "followed_change": "serial, sha256, at, damaged",
}
"""Tables of which each row is sealed: these columns, and by its own digest the body."""


class Seal(Enum):
    """How something kept stands to its seal."""

    WHOLE = "whole"
    UNSEALED = "unsealed"
    BROKEN = "broken"


def _triggers() -> str:
    statements = []
    for table in (*SMALL, *BY_SERIAL):
        for event, row in (("INSERT", "NEW"), ("UPDATE", "OLD"), ("DELETE", "OLD")):
            what = f"'{table}'" if table in SMALL else f"'{table} ' || {row}.serial"
            statements.append(
                f"CREATE TRIGGER IF NOT EXISTS seal_{table}_{event.lower()} AFTER {event} ON {table} "
                f"BEGIN DELETE FROM seal WHERE what = {what}; END;"
            )
    return "\n".join(statements)


SCHEMA = f"""
CREATE TABLE IF NOT EXISTS seal (what TEXT PRIMARY KEY, sha256 BLOB NOT NULL) WITHOUT ROWID;
{_triggers()}
"""
"""To be made after the tables."""


def put(disk: Disk, table: str, serial: int | None = None) -> None:
    """Seal a small table, or the row of a serial, as it is now; inside a transaction.

    Raises:
        sqlite3.Error: the disk does not take it.
    """
    disk.write("INSERT OR REPLACE INTO seal VALUES (?, ?)", _name(table, serial), _digest(_rows(disk, table, serial)))


def state(disk: Disk, table: str) -> Seal:
    """Return how a small table stands to its seal.

    Raises:
        Refused: the disk cannot be read.
    """
    kept = disk.rows("SELECT sha256 FROM seal WHERE what = ?", table)
    if not kept:
        return Seal.UNSEALED
    return Seal.WHOLE if kept[0][0] == _digest(_rows(disk, table, None)) else Seal.BROKEN


def broken(disk: Disk, table: str) -> list[int]:
    """Return the serials of a table's rows that are not what was sealed, the newest first.

    Raises:
        DamagedError: the database is not whole.
        Refused: the disk cannot be read.
    """
    seals = dict(disk.rows("SELECT what, sha256 FROM seal"))
    rows = disk.rows(f"SELECT {BY_SERIAL[table]} FROM {table} ORDER BY serial DESC")
    sealed = ((row, seals.get(_name(table, row[0]))) for row in rows)
    return [row[0] for row, digest in sealed if digest is not None and digest != _digest([row])]


def _name(table: str, serial: int | None) -> str:
    return table if serial is None else f"{table} {serial}"


def _rows(disk: Disk, table: str, serial: int | None) -> Sequence[Any]:
    if serial is None:
        return sorted(disk.rows(f"SELECT * FROM {table}"), key=repr)
    return disk.rows(f"SELECT {BY_SERIAL[table]} FROM {table} WHERE serial = ?", serial)


def _digest(rows: Sequence[Any]) -> bytes:
    return hashlib.sha256(repr(list(rows)).encode()).digest()
