"""A list on disk as snapshots and the changes since, by serial.

Snapshot and change carry their SHA-256: what does not match is set aside and never used.
"""

import contextlib
import hashlib
import time
from abc import ABC, abstractmethod

from control.allowlist.allowlist import Allowlist
from control.edge.state import seal
from control.edge.state.disk import Disk
from control.fault import Fault, Refused
from control.rollout.change import Change
from control.rollout.position import Position

NO_MATCH = "its content does not match its digest"
SNAPSHOTS = 3  # kept on disk, for the day that the newest cannot be read


def tables(prefix: str) -> str:
    """Return the statements that make a history's tables."""
    return f"""
CREATE TABLE IF NOT EXISTS {prefix}snapshot (
    serial INTEGER PRIMARY KEY, count INTEGER NOT NULL, sha256 BLOB NOT NULL, body BLOB NOT NULL, at REAL NOT NULL,
    damaged INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS {prefix}change (
    serial INTEGER PRIMARY KEY, added BLOB NOT NULL, removed BLOB NOT NULL, sha256 BLOB NOT NULL, at REAL NOT NULL,
    damaged INTEGER NOT NULL DEFAULT 0);
"""


class History(ABC):
    """One list of an edge's disk. Every method is one transaction; safe for one thread at a time."""

    def __init__(self, disk: Disk, prefix: str, mend: str) -> None:
        """``prefix`` is that of its tables' names; ``mend`` says what to do about damage."""
        self._disk, self._mend = disk, mend
        self._snapshot, self._change = f"{prefix}snapshot", f"{prefix}change"

    @property
    @abstractmethod
    def position(self) -> Position:
        """Where the list has got to here."""

    @property
    @abstractmethod
    def is_kept(self) -> bool:
        """Whether the disk has the list as it is."""

    @abstractmethod
    def go_ahead(self, position: Position) -> None:
        """Take note that the list is at ``position``, which the disk has not: ``keep_whole`` makes that good."""

    @abstractmethod
    def keep_whole(self, allowlist: Allowlist) -> None:
        """Keep the list as a whole, where it has got to.

        Raises:
            Refused: the disk does not take it; nothing has changed.
        """

    @abstractmethod
    def record(self, change: Change, position: Position) -> None:
        """Keep a change, after which the list is at ``position``.

        Raises:
            Refused: the disk does not take it; nothing has changed.
        """

    @abstractmethod
    def revert(self, change: Change, before: Position) -> None:
        """Keep the list as it was before a change that was recorded; ``before`` is where it then stood.

        Raises:
            Refused: the disk does not take it; the change stays recorded.
        """

    def load(self) -> tuple[Allowlist, int, list[Fault]]:
        """Return the list as last accepted, its serial, and what was set aside as damaged on the way.

        The newest whole snapshot counts, and the changes after it up to the first that is not whole. Before the
        first list, this is the empty one with serial 0.

        Raises:
            Refused: the disk cannot be read.
        """
        faults: list[Fault] = self._broken()
        allowlist, serial = self._newest_snapshot(faults)
        added, removed = Allowlist.empty(), Allowlist.empty()  # of all changes together: the list itself is long
        which = "WHERE serial > ? AND NOT damaged ORDER BY serial"
        rows = self._disk.rows(f"SELECT serial, added, removed, sha256 FROM {self._change} {which}", serial)
        for number, more, fewer, digest in rows:
            if number != serial + 1:
                faults.append(self._set_aside(self._change, number, "a change before it is missing"))
                break
            if not _matches(digest, more, fewer):
                faults.append(self._set_aside(self._change, number, NO_MATCH))
                break
            gone = Allowlist.unpack(fewer)
            added = added.with_changes(Allowlist.unpack(more), gone)
            removed = removed.with_changes(gone, Allowlist.empty())
            serial = number
        return allowlist.with_changes(added, removed), serial, faults

    def check(self) -> None:
        """Read what there is of every row but its body.

        Raises:
            DamagedError: the database is not whole.
            ValueError: a serial is none that can have been given.
        """
        for table in (self._snapshot, self._change):
            for (serial,) in self._disk.rows(f"SELECT serial FROM {table}"):
                if serial < 0:
                    raise ValueError(f"{table} has a serial of {serial}")
            seal.broken(self._disk, table)

    def last_serial(self) -> int:
        """Return the highest serial that was ever given, that of damaged rows too."""
        both = f"SELECT serial FROM {self._snapshot} UNION ALL SELECT serial FROM {self._change}"
        return int(self._disk.rows(f"SELECT max(serial) FROM ({both})")[0][0] or 0)

    def keep_snapshot(self, serial: int, allowlist: Allowlist) -> None:
        """Keep a whole list; older snapshots and the changes before them are let go of.

        Raises:
            Refused: the disk does not take it; nothing has changed.
        """
        body = allowlist.pack()
        digest = hashlib.sha256(body).digest()
        with self._disk.transaction():
            self._write_snapshot(serial, len(allowlist), digest, body)

    def keep_change(self, serial: int, added: Allowlist, removed: Allowlist) -> None:
        """Keep one change of the list.

        Raises:
            Refused: the disk does not take it; nothing has changed.
        """
        bodies = added.pack(), removed.pack()
        digest = hashlib.sha256(b"".join(bodies)).digest()
        with self._disk.transaction():
            self._disk.write(
                f"INSERT INTO {self._change} VALUES (?, ?, ?, ?, ?, 0)", serial, *bodies, digest, time.time()
            )
            seal.put(self._disk, self._change, serial)

    def keep(self, change: Change, serial: int) -> None:
        """Keep a change of the next serial: as that, or where it is big as the whole list afterwards.

        Raises:
            Refused: the disk does not take it; nothing has changed.
        """
        if change.is_small:
            self.keep_change(serial, change.added, change.removed)
        else:
            self.keep_snapshot(serial, change.new)

    def changes_since_snapshot(self) -> int:
        """Return how many changes would have to be replayed at a start."""
        newest = f"SELECT coalesce(max(serial), 0) FROM {self._snapshot}"
        return int(self._disk.rows(f"SELECT count(*) FROM {self._change} WHERE serial > ({newest})")[0][0])

    def _write_snapshot(self, serial: int, count: int, digest: bytes, body: bytes) -> None:
        self._disk.write(
            f"INSERT OR REPLACE INTO {self._snapshot} VALUES (?, ?, ?, ?, ?, 0)",
            *(serial, count, digest, body, time.time()),
        )
        seal.put(self._disk, self._snapshot, serial)
        newest = f"SELECT serial FROM {self._snapshot} ORDER BY serial DESC LIMIT ?"
        self._disk.write(f"DELETE FROM {self._snapshot} WHERE serial NOT IN ({newest})", SNAPSHOTS)
        oldest = f"SELECT min(serial) FROM {self._snapshot}"
        self._disk.write(f"DELETE FROM {self._change} WHERE serial <= ({oldest})")

    def _newest_snapshot(self, faults: list[Fault]) -> tuple[Allowlist, int]:
        serials = f"SELECT serial FROM {self._snapshot} WHERE NOT damaged ORDER BY serial DESC"
        for (serial,) in self._disk.rows(serials):
            one = f"SELECT count, sha256, body FROM {self._snapshot} WHERE serial = ?"  # one at a time: they are big
            ((count, digest, body),) = self._disk.rows(one, serial)
            if _matches(digest, body):
                allowlist = Allowlist.unpack(body)
                if len(allowlist) == count:
                    return allowlist, serial
            faults.append(self._set_aside(self._snapshot, serial, NO_MATCH))
        return Allowlist.empty(), 0

    def _broken(self) -> list[Fault]:
        """Set aside each row of which a bit is another one than when it was sealed."""
        return [
            self._set_aside(table, serial, "it is not what was sealed")
            for table in (self._snapshot, self._change)
            for serial in seal.broken(self._disk, table)
        ]

    def _set_aside(self, table: str, serial: int, why: str) -> Fault:
        with contextlib.suppress(Refused), self._disk.transaction():  # a full disk, say; the next start finds it again
            self._disk.write(f"UPDATE {table} SET damaged = 1 WHERE serial = ?", serial)
            seal.put(self._disk, table, serial)
        why = f"{why}; it is set aside, and the list before it is used"
        return Fault(f"{self._disk.path.name}, {table} {serial}", why, self._mend)


def _matches(digest: object, *bodies: object) -> bool:
    """Return whether bodies, of whatever type a damaged row has, are those of a SHA-256."""
    return all(isinstance(body, bytes) for body in bodies) and hashlib.sha256(b"".join(bodies)).digest() == digest  # type: ignore[arg-type]
