"""How either database is opened: SQLite as a file with a lock beside it, PostgreSQL by its driver."""

import contextlib
import fcntl
import os
import random
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url

from control.fault import Fault, Kind, Refused

POLL = 0.002, 0.02
"""Seconds between two tries for the lock beside SQLite's file: at first, and at most."""

GIVEN_WAY = 2 * POLL[1]
"""Seconds without the lock in which everybody who waits for it tries to take it."""

CONNECT_SECONDS = 5

FILE_MODE = 0o640


@dataclass(frozen=True, slots=True)
class Patience:
    """How long one waits for others, and they for one, in seconds.

    Attributes:
        lock: for whoever writes; then one is refused, and nothing was done.
        statement: that one statement may take.
        idle: that a transaction may be open without a statement: whoever stops in the middle of one, stopped by a
            person or with its machine, is rolled back then (PostgreSQL; of SQLite the lock stays with the process).
    """

    lock: float
    statement: float
    idle: float


AT_WORK = Patience(60, 600, 120)
"""Of commands, jobs and edges, for which nobody waits at a door."""

AT_THE_DOOR = Patience(4, 30, 10)
"""Of requests."""


def url_of(text: str) -> URL:
    """Return the URL of a database, with the driver that we have for it."""
    url = make_url(text)
    return url.set(drivername="postgresql+psycopg") if url.drivername == "postgresql" else url


def is_sqlite(url: URL) -> bool:
    """Return whether a database is a file of SQLite."""
    return url.get_backend_name() == "sqlite"


def new_engine(url: URL, patience: Patience) -> Engine:
    """Return an engine; nothing is opened yet."""
    connect = {} if is_sqlite(url) else _of_postgresql(url, patience)
    engine = create_engine(
        url,
        pool_size=8,
        max_overflow=-1,
        pool_pre_ping=not is_sqlite(url),
        hide_parameters=True,
        connect_args=connect,
    )
    if is_sqlite(url):
        event.listen(engine, "connect", partial(_prepare_sqlite, patience))
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def _of_postgresql(url: URL, patience: Patience) -> dict[str, Any]:
    """Return how to connect: with the time-outs that the server is to hold us to, and those that find a dead one."""
    limits = {
        "lock_timeout": patience.lock,
        "statement_timeout": patience.statement,
        "idle_in_transaction_session_timeout": patience.idle,
    }
    options = [f"-c {name}={seconds * 1000:.0f}" for name, seconds in limits.items()]
    own = str(url.query.get("options", ""))
    said = " ".join(filter(None, [own, *options]))
    return {"options": said, "connect_timeout": CONNECT_SECONDS, "keepalives_idle": 10}


@contextmanager
def turn(url: URL, patience: Patience) -> Iterator[None]:
    """Wait until no one else writes; PostgreSQL does that by the ledger's row.

    Raises:
        Refused: "unavailable": somebody else writes for longer than one has patience.
    """
    if not is_sqlite(url):
        yield
        return
    path = Path(f"{url.database}.lock")
    make_for_its_owner(path)
    lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, FILE_MODE)
    try:
        _lock(lock, path, patience.lock)
        yield
    finally:
        os.close(lock)


def _lock(lock: int, path: Path, seconds: float) -> None:
    """Take the lock; by asking again and again, since flock(2) itself waits for ever."""
    began, pause = time.monotonic(), POLL[0]
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() - began > seconds:
                who = _holder(lock)
                why = f"has been locked for {seconds:.0f} s and longer by {who or 'another process'}"
                mend = "ask again in a moment; if that process is stopped, let it go on (kill -CONT), or end it"
                faults = [Fault(str(path), why, mend)]
                raise Refused(Kind.UNAVAILABLE, "The registry is being written", faults) from None
            time.sleep(random.uniform(0, pause))  # or those who began together would try together
            pause = min(2 * pause, POLL[1])
        else:
            return


def _holder(lock: int) -> str:
    """Return which process has the lock, as the kernel lists it (proc_locks(5)); nothing where it does not say."""
    inode = os.fstat(lock).st_ino
    with contextlib.suppress(OSError):
        for line in Path("/proc/locks").read_text(encoding="ascii").splitlines():
            words = line.split()
            if "FLOCK" in words and "->" not in words and words[5].endswith(f":{inode}"):
                return f"process {words[4]}"
    return ""


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


def _prepare_sqlite(patience: Patience, connection: sqlite3.Connection, _: Any) -> None:
    connection.isolation_level = None  # transactions begin where SQLAlchemy says, not where the driver guesses
    connection.execute(f"PRAGMA busy_timeout={patience.lock * 1000:.0f}")
    connection.execute("PRAGMA synchronous=FULL")  # what was answered survives a power cut
    connection.execute("PRAGMA foreign_keys=ON")


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("purpose") == "writing"
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
