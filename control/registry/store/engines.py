"""How either database is opened: SQLite as a file with a lock beside it, PostgreSQL by its driver."""

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url

BUSY_SECONDS = 30
"""How long a statement waits for whoever else has the file, such as a backup."""

FILE_MODE = 0o640


def url_of(text: str) -> URL:
    """Return the URL of a database, with the driver that we have for it."""
    url = make_url(text)
    return url.set(drivername="postgresql+psycopg") if url.drivername == "postgresql" else url


def is_sqlite(url: URL) -> bool:
    """Return whether a database is a file of SQLite."""
    return url.get_backend_name() == "sqlite"


def new_engine(url: URL) -> Engine:
    """Return an engine; nothing is opened yet."""
    engine = create_engine(url, pool_size=8, max_overflow=-1, pool_pre_ping=not is_sqlite(url), hide_parameters=True)
    if is_sqlite(url):
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    return engine


@contextmanager
def turn(url: URL) -> Iterator[None]:
    """Wait until no one else writes; PostgreSQL does that by the ledger's row."""
    if not is_sqlite(url):
        yield
        return
    path = Path(f"{url.database}.lock")
    make_for_its_owner(path)
    lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, FILE_MODE)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def keep_a_log_ahead(engine: Engine, url: URL) -> None:
    """Switch SQLite to a write-ahead log, so that readers and the writer do not wait for each other."""
    if is_sqlite(url):
        make_for_its_owner(Path(str(url.database)))
        connection = engine.raw_connection()
        try:
            connection.cursor().execute("PRAGMA journal_mode=WAL")
        finally:
            connection.close()


def make_for_its_owner(path: Path) -> None:
    """Make a file that is not there, and when root makes it, give it to whom the directory belongs.

    That is the API, which is not root and has to write to what root's `wicket registry` made. SQLite does the same for
    its log. Only what was made here is given away: anything else may be a link that somebody laid.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, FILE_MODE)
    except OSError:
        return  # it is there, or whoever opens it next says what is wrong
    try:
        if os.geteuid() == 0:
            owner = path.parent.stat()
            os.fchown(descriptor, owner.st_uid, owner.st_gid)
    finally:
        os.close(descriptor)


def _prepare_sqlite(connection: sqlite3.Connection, _: Any) -> None:
    connection.isolation_level = None  # transactions begin where SQLAlchemy says, not where the driver guesses
    connection.execute(f"PRAGMA busy_timeout={BUSY_SECONDS * 1000}")
    connection.execute("PRAGMA synchronous=FULL")  # what was answered survives a power cut
    connection.execute("PRAGMA foreign_keys=ON")


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("purpose") == "writing"
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
