"""The database file of one edge: opened by one process, made anew where it is damaged, every write a transaction."""

import os
import sqlite3
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from control.fault import Fault, Kind, Refused

DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


class DamagedError(Exception):
    """The file is no database, or not a whole one."""


class Disk:
    """A database file; safe for one thread at a time.

    Attributes:
        path: of the file.
        faults: what was set aside as damaged when it was opened.
    """

    def __init__(self, path: Path, schema: str) -> None:
        """Open the database, make it where there is none, and start anew where it is damaged.

        Raises:
            Refused: it cannot be opened or written.
        """
        self.path = path
        self.faults: list[Fault] = []
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o750)
            try:
                self._database = _opened(path, schema)
            except DamagedError as error:
                self.faults.append(_moved_aside(path, str(error)))
                self._database = _opened(path, schema)
        except (sqlite3.Error, OSError) as error:
            raise self._refused(error) from error

    def rows(self, query: str, *values: object) -> list[Any]:
        """Return what a query finds.

        Raises:
            Refused: the disk cannot be read.
        """
        try:
            return self._database.execute(query, values).fetchall()
        except sqlite3.Error as error:
            raise self._refused(error) from error

    def write(self, statement: str, *values: object) -> None:
        """Do one statement, inside ``transaction`` or as one of its own.

        Raises:
            sqlite3.Error: the disk does not take it; ``transaction`` makes a refusal of that.
        """
        self._database.execute(statement, values)

    def write_many(self, statement: str, rows: Iterable[tuple[object, ...]]) -> None:
        """Do one statement for each row, inside ``transaction``.

        Raises:
            sqlite3.Error: as for ``write``.
        """
        self._database.executemany(statement, rows)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Keep all of what is written inside, or nothing.

        Raises:
            Refused: the disk does not take it; nothing has changed.
        """
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

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    def _refused(self, error: Exception) -> Refused:
        mend = "free space on that disk" if "full" in str(error) else "check the disk and the directory's permissions"
        why = (
            f"{error} ({error.sqlite_errorname})"
            if isinstance(error, sqlite3.Error) and hasattr(error, "sqlite_errorname")
            else str(error)
        )
        return Refused(Kind.NO_ROOM, "The list cannot be kept on disk", [Fault(str(self.path), why, mend)])


def _opened(path: Path, schema: str) -> sqlite3.Connection:
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
        database.executescript(schema)
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
