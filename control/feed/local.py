"""The local list: what this edge has accepted, on its own disk, as snapshots and the changes since, by serial.

A serial is given at commit and never goes back or comes twice; the epoch, 128 random bits, says to which line of
serials it belongs. Snapshot and change carry their SHA-256: what does not match is set aside and never used. So is
a file that is no database any more: whoever opens it then finds an empty list, serial 0, and asks the kernel.
"""

import contextlib
import hashlib
import os
import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from control.allowlist.allowlist import Allowlist
from control.fault import Fault, Refused

NO_MATCH = "its content does not match its digest"
SNAPSHOTS = 3  # kept on disk, for the day that the newest cannot be read
DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
SCHEMA = """
CREATE TABLE IF NOT EXISTS identity (epoch BLOB NOT NULL, policy_version INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS snapshot (
    serial INTEGER PRIMARY KEY, count INTEGER NOT NULL, sha256 BLOB NOT NULL, body BLOB NOT NULL, at REAL NOT NULL,
    damaged INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS change (
    serial INTEGER PRIMARY KEY, added BLOB NOT NULL, removed BLOB NOT NULL, sha256 BLOB NOT NULL, at REAL NOT NULL,
    damaged INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS policy (protocol TEXT PRIMARY KEY, mode TEXT NOT NULL, share INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS interface (name TEXT PRIMARY KEY, mode TEXT NOT NULL);
"""


@dataclass(frozen=True, slots=True)
class Version:
    """One state of the list.

    Attributes:
        epoch: 16 random bytes, made with the database.
        serial: above 0, one more with every change.
    """

    epoch: bytes
    serial: int

    @property
    def etag(self) -> str:
        """The version as a strong entity tag (RFC 9110, section 8.8.3)."""
        return f'"{self.epoch.hex()}:{self.serial}"'


class DamagedError(Exception):
    """The file is no database, or not a whole one."""


class LocalList:
    """The database of one edge. Every method is one transaction; safe for one thread at a time."""

    def __init__(self, path: Path) -> None:
        """Open the database, make it where there is none, and start anew where it is damaged.

        Raises:
            Refused: it cannot be opened or written.
        """
        self.path = path
        self._faults: list[Fault] = []
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o750)
            try:
                self._database = _opened(path)
            except DamagedError as error:
                self._faults.append(_moved_aside(path, str(error)))
                self._database = _opened(path)
        except (sqlite3.Error, OSError) as error:
            raise self._refused(error) from error
        self.epoch: bytes = self._rows("SELECT epoch FROM identity")[0][0]

    def load(self) -> tuple[Allowlist, int, list[Fault]]:
        """Return the list as last accepted, its serial, and what was set aside as damaged on the way.

        The newest whole snapshot counts, and the changes after it up to the first that is not whole. Before the
        first list, this is the empty one with serial 0.

        Raises:
            Refused: the disk cannot be read.
        """
        faults = list(self._faults)
        allowlist, serial = self._newest_snapshot(faults)
        added, removed = Allowlist.empty(), Allowlist.empty()  # of all changes together: the list itself is long
        rows = "SELECT serial, added, removed, sha256 FROM change WHERE serial > ? AND NOT damaged ORDER BY serial"
        for number, more, fewer, digest in self._rows(rows, serial):
            if number != serial + 1:
                faults.append(self._set_aside("change", number, "a change before it is missing"))
                break
            if hashlib.sha256(more + fewer).digest() != digest:
                faults.append(self._set_aside("change", number, NO_MATCH))
                break
            gone = Allowlist.unpack(fewer)
            added = added.with_changes(Allowlist.unpack(more), gone)
            removed = removed.with_changes(gone, Allowlist.empty())
            serial = number
        return allowlist.with_changes(added, removed), serial, faults

    def last_serial(self) -> int:
        """Return the highest serial that was ever given, that of damaged rows too."""
        both = "SELECT max(serial) FROM (SELECT serial FROM snapshot UNION ALL SELECT serial FROM change)"
        return int(self._rows(both)[0][0] or 0)

    def keep_snapshot(self, serial: int, allowlist: Allowlist) -> None:
        """Keep a whole list; older snapshots and the changes before them are let go of.

        Raises:
            Refused: the disk does not take it; nothing has changed.
        """
        body = allowlist.pack()
        digest = hashlib.sha256(body).digest()
        with self._transaction():
            self._database.execute(
                "INSERT OR REPLACE INTO snapshot VALUES (?, ?, ?, ?, ?, 0)",
                (serial, len(allowlist), digest, body, time.time()),
            )
            self._database.execute(
                "DELETE FROM snapshot WHERE serial NOT IN (SELECT serial FROM snapshot ORDER BY serial DESC LIMIT ?)",
                (SNAPSHOTS,),
            )
            self._database.execute("DELETE FROM change WHERE serial <= (SELECT min(serial) FROM snapshot)")

    def keep_change(self, serial: int, added: Allowlist, removed: Allowlist) -> None:
        """Keep one change of the list.

        Raises:
            Refused: the disk does not take it; nothing has changed.
        """
        bodies = added.pack(), removed.pack()
        digest = hashlib.sha256(b"".join(bodies)).digest()
        with self._transaction():
            self._database.execute(
                "INSERT INTO change VALUES (?, ?, ?, ?, ?, 0)", (serial, *bodies, digest, time.time())
            )

    def changes_since_snapshot(self) -> int:
        """Return how many changes would have to be replayed at a start."""
        since = "SELECT count(*) FROM change WHERE serial > (SELECT coalesce(max(serial), 0) FROM snapshot)"
        return int(self._rows(since)[0][0])

    def policies(self) -> tuple[dict[str, tuple[str, int]], int]:
        """Return the policies that were set, as protocol → (mode, share), and their version."""
        rows = self._rows("SELECT protocol, mode, share FROM policy")
        version = self._rows("SELECT policy_version FROM identity")[0][0]
        return {protocol: (mode, share) for protocol, mode, share in rows}, version

    def keep_policies(self, policies: Mapping[str, tuple[str, int]]) -> int:
        """Keep policies and return the new version.

        Raises:
            Refused: the disk does not take it; nothing has changed.
        """
        with self._transaction():
            rows = [(protocol, *policy) for protocol, policy in policies.items()]
            self._database.executemany("INSERT OR REPLACE INTO policy VALUES (?, ?, ?)", rows)
            self._database.execute("UPDATE identity SET policy_version = policy_version + 1")
        return self.policies()[1]

    def interfaces(self) -> dict[str, str]:
        """Return the interfaces to be guarded, as name → mode."""
        return dict(self._rows("SELECT name, mode FROM interface"))

    def keep_interfaces(self, interfaces: Mapping[str, str]) -> None:
        """Keep which interfaces are to be guarded.

        Raises:
            Refused: the disk does not take it; nothing has changed.
        """
        with self._transaction():
            self._database.execute("DELETE FROM interface")
            self._database.executemany("INSERT INTO interface VALUES (?, ?)", interfaces.items())

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    def _rows(self, query: str, *values: object) -> list[Any]:
        try:
            return self._database.execute(query, values).fetchall()
        except sqlite3.Error as error:
            raise self._refused(error) from error

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        try:
            self._database.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._database.execute("COMMIT")
            except BaseException:
                if self._database.in_transaction:
                    self._database.execute("ROLLBACK")
                raise
        except sqlite3.Error as error:
            raise self._refused(error) from error

    def _newest_snapshot(self, faults: list[Fault]) -> tuple[Allowlist, int]:
        for (serial,) in self._rows("SELECT serial FROM snapshot WHERE NOT damaged ORDER BY serial DESC"):
            one = "SELECT count, sha256, body FROM snapshot WHERE serial = ?"  # one at a time: they are big
            ((count, digest, body),) = self._rows(one, serial)
            if hashlib.sha256(body).digest() == digest:
                allowlist = Allowlist.unpack(body)
                if len(allowlist) == count:
                    return allowlist, serial
            faults.append(self._set_aside("snapshot", serial, NO_MATCH))
        return Allowlist.empty(), 0

    def _set_aside(self, table: str, serial: int, why: str) -> Fault:
        with contextlib.suppress(sqlite3.Error):  # a full disk, say; the next start finds it again
            self._database.execute(f"UPDATE {table} SET damaged = 1 WHERE serial = ?", (serial,))
        why = f"{why}; it is set aside, and the list before it is used"
        return Fault(f"{self.path.name}, {table} {serial}", why, "push the list anew, and check the disk")

    def _refused(self, error: Exception) -> Refused:
        mend = "free space on that disk" if "full" in str(error) else "check the disk and the directory's permissions"
        return Refused("no-room", "The list cannot be kept on disk", [Fault(str(self.path), str(error), mend)])


def _opened(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10)
    try:
        # One process has it (the instance's lock), so SQLite needs no shared memory: that is a file of 32 kB, for
        # want of which an agent could not be restarted on a full disk.
        database.execute("PRAGMA locking_mode=EXCLUSIVE")
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("PRAGMA synchronous=FULL")  # what was answered survives a power cut
        (found,) = database.execute("PRAGMA quick_check(1)").fetchone()
        if found != "ok":
            raise DamagedError(found)
        database.executescript(SCHEMA)
        if not database.execute("SELECT 1 FROM identity").fetchone():
            database.execute("INSERT INTO identity VALUES (?, 1)", (os.urandom(16),))
    except BaseException as error:
        database.close()
        if isinstance(error, sqlite3.DatabaseError) and error.sqlite_errorcode & 0xFF in DAMAGED:
            raise DamagedError(str(error)) from error
        raise
    return database


def _moved_aside(path: Path, why: str) -> Fault:
    aside = path.with_name(f"{path.name}.damaged-{time.time_ns()}")
    path.rename(aside)
    for companion in ("-wal", "-shm"):  # of no use to the new one
        path.with_name(path.name + companion).unlink(missing_ok=True)
    why = f"{why}; it is set aside as {aside.name}, and the list is taken from the kernel"
    return Fault(str(path), why, "push list and policies anew, and check the disk")
