"""The registry's database as a feed: what is active there, by the serials given there.

The list is only read; what is written is which serial this edge has (``acknowledge``), and what is in use (``report``):
on PostgreSQL by functions, where the login may write nothing itself.
"""

import sqlite3
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
from sqlalchemy import make_url
from sqlalchemy.orm import Session

from control.allowlist.digest import Digest
from control.allowlist.entry import Prefix
from control.fault import Fault, Kind, Refused
from control.feed.feed import MOST_HEADS, RESET, Delta, Snapshot, UseReport
from control.registry.access.actor import Actor
from control.registry.audit import heads
from control.registry.publication import edges, following, serials, use
from control.registry.store import revision
from control.registry.store.database import Database
from control.registry.store.writing import CHANNEL, MANY
from control.rollout.position import Position

LOOK = 0.02
"""s between two looks at whether the file has changed: 11 µs each, a two-thousandth of a processor."""

MOST_CHANGES = 1000
"""Further behind, the whole list is quicker."""


class Bell(Protocol):
    """What tells that the database has changed."""

    def wait(self, seconds: float) -> bool:
        """Return whether it may have changed since the last call, as soon as it has; the first time it may.

        Raises:
            Refused: the database cannot be reached.
        """

    def close(self) -> None:
        """Let go of the database."""


class RegistryFeed:
    """A ``Feed`` over the registry's database."""

    def __init__(self, url: str, edge: str) -> None:
        """Take the database's URL, and the name under which this edge acknowledges; nothing is opened yet."""
        self._url, self._edge = make_url(url), edge
        self._database = Database(url)
        self._bell: Bell | None = None

    @property
    def where(self) -> str:
        """The database's URL without a password."""
        return self._url.render_as_string(hide_password=True)

    def snapshot(self, since: Position, digest: Digest) -> Snapshot:
        """Return the whole list; a million entries take a second or two.

        Raises:
            Refused: "unavailable": the database is.
        """
        self._demand_file()
        with self._database.reading() as session:
            whole = serials.snapshot(session)
            goes_on = _goes_on(session, whole.head, since, digest)
        head = whole.head
        return Snapshot(_position(head), head.count, head.digest, whole.sha256, whole.entries, goes_on)

    def deltas(self, since: Position, digest: Digest) -> Sequence[Delta] | Literal["reset"]:
        """Return what came after a list, a hundred serials at most; or RESET.

        Raises:
            Refused: "unavailable": the database is.
        """
        self._demand_file()
        with self._database.reading() as session:
            now = serials.head(session)
            if not _goes_on(session, now, since, digest) or now.serial - since.serial > MOST_CHANGES:
                return RESET
            deltas = serials.deltas(session, since.epoch, since.serial)
        return [
            Delta(
                *(_position(delta.head), delta.head.count, delta.head.digest),
                *(delta.sha256, delta.added, delta.removed),
            )
            for delta in deltas
        ]

    def wait(self, seconds: float) -> bool:
        """Return whether there may be something new, as soon as there may.

        Raises:
            Refused: "unavailable": the database is.
        """
        try:
            if self._bell is None:
                self._demand_file()
                self._bell = _FileBell(self._file) if self._file else _NotifyBell(self._url)
            return self._bell.wait(seconds)
        except Refused:
            self.close()  # what was opened may be a file that is no longer there
            raise

    def acknowledge(self, epoch: str, applied: Sequence[tuple[int, float]]) -> None:
        """Tell the registry from when on this edge had serials.

        Raises:
            Refused: the database cannot be written, or is not the one that gave the serials.
        """
        self._demand_file()
        times = [(serial, datetime.fromtimestamp(at, UTC)) for serial, at in applied]
        if following.by_functions(self._database):
            following.acknowledge(self._database, self._edge, epoch, times)
            return
        with self._database.writing(Actor(f"edge {self._edge}")) as writing:
            edges.acknowledge(writing, self._edge, epoch, times)

    def report(self, report: UseReport) -> bool:
        """Tell the registry which entries are in use, some thousand in a transaction; see ``Feed``.

        A registry whose tables are of an earlier version is told nothing.

        Raises:
            Refused: "unavailable" or "no-room": the database is.
        """
        self._demand_file()
        database, by_functions = self._database, following.by_functions(self._database)
        with database.reading() as session:
            if not use.has_use(session):
                return True
            if report.since is not None and not by_functions and not use.goes_on(session, self._edge, report.since):
                return False
        if report.since is not None and by_functions and not following.goes_on(database, self._edge, report.since):
            return False
        account = use.Account(report.watched, report.entries, report.held, datetime.fromtimestamp(report.at, UTC))
        for start in range(0, max(1, len(report.used)), MANY):
            used, is_last = _used(report, start, start + MANY), start + MANY >= len(report.used)
            if by_functions:
                following.report(database, self._edge, account, used, is_last)
            else:
                self._write(account, used, is_last)
        return True

    def heads(self, since: int) -> Sequence[str]:
        """Return signed heads of the registry's audit from a number on; none where it is of an earlier version.

        Raises:
            Refused: "unavailable": the database is.
        """
        self._demand_file()
        with self._database.reading() as session:
            return heads.lines(session, since - 1, MOST_HEADS) if revision.have(session, revision.HEADS) else ()

    def registration(self, prefix: Prefix) -> str | None:
        """Return the id of the registration by which exactly this prefix is on the list now; none: it is not.

        Raises:
            Refused: "unavailable": the database is, or its roles are of an earlier version, which did not tell.
        """
        self._demand_file()
        with self._database.reading() as session:
            return serials.registration_of(session, prefix)

    def close(self) -> None:
        """Close every connection."""
        if self._bell:
            self._bell.close()
            self._bell = None
        self._database.close()

    def _write(self, account: use.Account, used: Sequence[tuple[bytes, int, float]], is_last: bool) -> None:
        """Write some of a report down, as a login that may."""
        with self._database.writing(Actor(f"edge {self._edge}")) as writing:
            edge = use.begin(writing, self._edge, account)
            use.note(writing, edge, used)
            if is_last:
                use.conclude(writing, edge, account)

    @property
    def _file(self) -> Path | None:
        return Path(str(self._url.database)) if self._database.is_sqlite else None

    def _demand_file(self) -> None:
        """Hold that a file of SQLite is there, before SQLite would make an empty one."""
        if self._file and not self._file.exists():
            raise _unavailable(str(self._file), "there is no such file")


class _FileBell:
    """Looks at SQLite's own count of commits by others, which costs no lock."""

    def __init__(self, path: Path) -> None:
        self._path, self._seen = path, -1
        try:
            self._connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True, isolation_level=None)
            self._inode = path.stat().st_ino
        except (sqlite3.Error, OSError) as error:
            raise _unavailable(str(path), str(error)) from error

    def wait(self, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while True:
            # Noted before the caller reads what is new, so that nothing committed meanwhile is missed.
            before, self._seen = self._seen, self._look()
            if before != self._seen:
                return True
            if (left := deadline - time.monotonic()) <= 0:
                return False
            time.sleep(min(LOOK, left))

    def close(self) -> None:
        self._connection.close()

    def _look(self) -> int:
        try:
            if self._path.stat().st_ino != self._inode:
                raise _unavailable(str(self._path), "another file has taken its place")
            return int(self._connection.execute("PRAGMA data_version").fetchone()[0])
        except (sqlite3.Error, OSError) as error:
            raise _unavailable(str(self._path), str(error)) from error


class _NotifyBell:
    """Listens to PostgreSQL, which tells of each serial at its commit."""

    def __init__(self, url: Any) -> None:
        import psycopg  # an extra: only who uses PostgreSQL has it

        self._psycopg, self._listens = psycopg, False
        self._where = url.render_as_string(hide_password=True)
        address = url.set(drivername="postgresql").render_as_string(hide_password=False)
        try:
            self._connection = psycopg.connect(address, autocommit=True)
        except psycopg.Error as error:
            raise _unavailable(self._where, str(error)) from error
        try:
            self._connection.execute(f"LISTEN {CHANNEL}")
        except psycopg.Error as error:
            self._connection.close()
            raise _unavailable(self._where, str(error)) from error

    def wait(self, seconds: float) -> bool:
        if not self._listens:  # PostgreSQL does not repeat what it told before LISTEN: have the caller look once
            self._listens = True
            return True
        try:
            told = [notice.payload for notice in self._connection.notifies(timeout=seconds, stop_after=1)]
        except self._psycopg.Error as error:
            raise _unavailable(self._where, str(error)) from error
        return bool(told)

    def close(self) -> None:
        self._connection.close()


def _goes_on(session: Session, now: serials.LiveHead, since: Position, digest: Digest) -> bool:
    """Return whether a list is one that this registry had, so that what it does not have any more was taken off it."""
    if since.epoch != now.epoch or not 0 <= since.serial <= now.serial:
        return False
    return serials.digest_at(session, since.serial) in (None, str(digest))


def _used(report: UseReport, start: int, end: int) -> list[tuple[bytes, int, float]]:
    """Return some of the entries that a report names: first address, length, and at which second watched."""
    used, some = report.used, slice(start, end)
    firsts = np.stack([used.high[some], used.low[some]], axis=1).astype(">u8").tobytes()
    lengths, seen = used.length[some].tolist(), (report.watched - report.ages[some]).tolist()
    return [
        (firsts[16 * n : 16 * n + 16], length, at) for n, (length, at) in enumerate(zip(lengths, seen, strict=True))
    ]


def _position(head: serials.LiveHead) -> Position:
    return Position(head.epoch, head.serial)


def _unavailable(where: str, why: str) -> Refused:
    fault = Fault(where, why, "see that the registry runs and can be reached, and check the setting feed.url")
    return Refused(Kind.UNAVAILABLE, "The feed cannot be reached", [fault])
