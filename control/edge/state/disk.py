"""The database file of one edge: opened by one process, made anew where it is damaged, every write a transaction.

An agent starts whatever is there: what is no database is set aside, and a disk that takes nothing is read only.
"""

import contextlib
import hashlib
import os
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from control.fault import Fault, Kind, Refused

DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR, sqlite3.SQLITE_MISMATCH)
"""Primary result codes that say that the file is not what was kept: its schema included, by which a statement fails."""

SIDE_FILES = ("-wal", "-shm", "-journal")
MOST_ALONG = 1000  # writes that wait for a disk which takes nothing
KEPT_ASIDE = 3  # damaged files, for people to look at


class DamagedError(Exception):
    """The file is no database, or not a whole one."""


class Disk:
    """A database file; safe for one thread at a time.

    Attributes:
        path: of the file.
        faults: what was set aside as damaged, and that the disk takes nothing.
    """

    def __init__(self, path: Path, schema: str) -> None:
        """Open the database, make it where there is none, and start anew where it is damaged.

        Where the disk takes nothing, what is on it is read, and every write is refused until it does.

        Raises:
            Refused: there can be no database there at all.
        """
        self.path, self._schema = path, schema
        self.faults: list[Fault] = []
        self._is_lasting = True
        self._along: list[Callable[[], None]] = []
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o750)
        except OSError as error:
            raise self._refused(error) from error
        self._open()

    def start_anew(self, why: str) -> None:
        """Set the file aside as damaged, and begin with an empty one.

        Raises:
            Refused: there can be no database there at all.
        """
        self._database.close()
        self._set_aside(why)
        self._open()

    def rows(self, query: str, *values: object) -> list[Any]:
        """Return what a query finds; nothing by a number that is larger than any that SQLite has.

        Raises:
            DamagedError: the database is not whole.
            Refused: the disk cannot be read.
        """
        try:
            return self._database.execute(query, values).fetchall()
        except OverflowError:
            return []
        except UnicodeDecodeError as error:
            raise DamagedError(str(error)) from error
        except sqlite3.Error as error:
            if _is_damage(error):
                raise DamagedError(str(error)) from error
            raise self._refused(error) from error

    def write(self, statement: str, *values: object) -> None:
        """Do one statement, inside ``transaction``.

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
        """Keep all of what is written inside, or nothing; and what was to be written along.

        Raises:
            Refused: the disk does not take it; nothing has changed.
        """
        if not self._is_lasting:
            self._try_again()
        try:
            self._database.execute("BEGIN IMMEDIATE")
            try:
                yield
                for write in self._along:
                    write()
                self._database.execute("COMMIT")
                self._along.clear()
            except BaseException:
                if self._database.in_transaction:
                    self._database.execute("ROLLBACK")
                raise
        except (sqlite3.Error, DamagedError) as error:
            raise self._refused(error) from error

    def write_along(self, write: Callable[[], None]) -> None:
        """Have something written with the next transaction that is kept."""
        self._along.append(write)
        del self._along[:-MOST_ALONG]

    def withdraw(self, write: Callable[[], None]) -> None:
        """Have it not written, if it was not yet."""
        if write in self._along:
            self._along.remove(write)

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    def _open(self) -> None:
        try:
            try:
                self._database = _opened(self.path, self._schema)
            except (DamagedError, IsADirectoryError) as error:
                self._set_aside(str(error))
                self._database = _opened(self.path, self._schema)
        except (sqlite3.Error, OSError, DamagedError) as error:
            self._database, self._is_lasting = _in_memory(self.path, self._schema), False
            self.faults.append(self._refused(error).faults[0])

    def _try_again(self) -> None:
        """Go on with the file, once the disk takes something."""
        try:
            database = _opened(self.path, self._schema)
        except (sqlite3.Error, OSError, DamagedError) as error:
            raise self._refused(error) from error
        self._database.close()
        self._database, self._is_lasting = database, True

    def _set_aside(self, why: str) -> None:
        """Rename the file and what belongs to it, and let go of the oldest that were set aside."""
        aside = f"{self.path.name}.damaged-{time.time_ns()}"
        for suffix in ("", *SIDE_FILES):
            with contextlib.suppress(OSError):  # not there; or a disk that takes nothing, where it is only not used
                self.path.with_name(self.path.name + suffix).rename(self.path.with_name(aside + suffix))
        names = sorted({path.name.split("-")[1] for path in self.path.parent.glob(f"{self.path.name}.damaged-*")})
        for name in names[:-KEPT_ASIDE]:
            for path in self.path.parent.glob(f"{self.path.name}.damaged-{name}*"):
                shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
        why = f"{why}; it is set aside as {aside}, and the list is taken from the kernel"
        self.faults.append(Fault(str(self.path), why, "push list and policies anew, and check the disk"))

    def _refused(self, error: Exception) -> Refused:
        mend = "free space on that disk" if "full" in str(error) else "check the disk and the directory's permissions"
        return Refused(Kind.NO_ROOM, "The list cannot be kept on disk", [Fault(str(self.path), str(error), mend)])


def digest_of(row: Sequence[object]) -> bytes:
    """Return the SHA-256 by which a row is known to be what was kept."""
    return hashlib.sha256(repr(tuple(row)).encode()).digest()


def _is_damage(error: sqlite3.Error) -> bool:
    """Return whether an error says that the file is not whole, and not that the disk does not do what it should."""
    code = getattr(error, "sqlite_errorcode", None)
    return code is None or code & 0xFF in DAMAGE  # without a code: a text in a row that is none


def _opened(path: Path, schema: str) -> sqlite3.Connection:
    for suffix in ("", *SIDE_FILES):
        if path.with_name(path.name + suffix).is_dir():
            raise IsADirectoryError(f"{path.name}{suffix} is a directory")
    database = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10)
    try:
        # One process has it (the instance's lock), so SQLite needs no shared memory: that is a file of 32 kB, for
        # want of which an agent could not be restarted on a full disk.
        database.execute("PRAGMA locking_mode=EXCLUSIVE")
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("PRAGMA synchronous=FULL")  # what was answered survives a power cut
        database.execute("PRAGMA cell_size_check=ON")
        found = database.execute("PRAGMA quick_check(1)").fetchone()
        if found != ("ok",):
            raise DamagedError(str(found[0]) if found else "it cannot be checked")
        _complete(database, schema)
    except BaseException as error:
        database.close()
        if isinstance(error, UnicodeDecodeError) or (isinstance(error, sqlite3.Error) and _is_damage(error)):
            raise DamagedError(str(error)) from error  # the first: SQLite's own words repeat what is damaged
        raise
    return database


def _complete(database: sqlite3.Connection, schema: str) -> None:
    """Make what is missing of the tables, and the identity; hold that what is there of them is as it is made."""
    database.executescript(schema)
    with contextlib.closing(sqlite3.connect(":memory:")) as fresh:
        fresh.executescript(schema)
        if _columns(database, _tables(fresh)) != _columns(fresh, _tables(fresh)):
            raise DamagedError("its tables are not what they should be")
    if not database.execute("SELECT 1 FROM identity").fetchone():
        database.execute("INSERT INTO identity VALUES (?, 1)", (os.urandom(16),))


def _tables(database: sqlite3.Connection) -> list[str]:
    return [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]


def _columns(database: sqlite3.Connection, tables: Iterable[str]) -> dict[str, list[Any]]:
    return {table: database.execute("SELECT * FROM pragma_table_info(?)", (table,)).fetchall() for table in tables}


def _in_memory(path: Path, schema: str) -> sqlite3.Connection:
    """Return a copy of the file in memory; an empty database where it cannot be read."""
    database = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    with contextlib.suppress(sqlite3.Error, OSError), tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch, path.name)
        for suffix in ("", "-wal"):
            if path.with_name(path.name + suffix).is_file():
                shutil.copy(path.with_name(path.name + suffix), copy.with_name(path.name + suffix))
        with contextlib.closing(sqlite3.connect(copy)) as held:
            held.backup(database)
    try:
        _complete(database, schema)
    except (sqlite3.Error, UnicodeDecodeError, DamagedError):
        database.close()
        database = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        _complete(database, schema)
    return database
