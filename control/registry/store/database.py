"""The database: SQLite in a file or PostgreSQL, many readers and one writer at a time.

One writer at a time is what makes serials and audit rows come in the order of the commits. On SQLite writers queue
for a lock on a file beside the database (the kernel keeps them in order, where SQLite's own waiting would let some
starve), on PostgreSQL for the ledger's one row. Readers never wait, and see one state from first to last statement.
"""

import fcntl
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config as Migrations
from sqlalchemy import Connection, Engine, create_engine, event, make_url, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from control.config import Config
from control.fault import Fault, Kind, Refused
from control.host.clock import uptime
from control.registry.access.actor import Actor
from control.registry.parties.categories import load_categories
from control.registry.space.addresses import AddressRules
from control.registry.store.model import Ledger
from control.registry.store.writing import Expiry, Rules, Writing
from control.rollout.limits import Limit

BUSY_SECONDS = 30
"""How long a statement waits for whoever else has the file, such as a backup."""

FILE_MODE = 0o640

MIGRATING = 0x77696B74
"""Key of PostgreSQL's advisory lock while the tables are made or changed."""


def utc_now() -> datetime:
    """Return the time in UTC."""
    return datetime.now(UTC)


def open_database(config: Config) -> "Database":
    """Return the registry's database as the configuration says; ``upgrade`` makes its tables.

    Raises:
        Refused: the categories cannot be used.
    """
    settings = config.registry
    categories = load_categories(Path(settings.categories)) if settings.categories else load_categories()
    space = AddressRules(config.list.bounds, settings.allow_private, settings.allow_documentation)
    alone = Limit(settings.alone_few, settings.alone, settings.alone_share)
    expiry = Expiry(
        settings.expire_batch, timedelta(seconds=settings.expire_every), timedelta(seconds=settings.expire_grace)
    )
    rules = Rules(addresses=space, alone=alone, categories=categories, expiry=expiry)
    return Database(config.registry_url, rules)


class Database:
    """The registry's database; safe for threads, and for processes forked after it was made.

    Attributes:
        rules: what the configuration says, for the services.
    """

    def __init__(
        self,
        url: str,
        rules: Rules | None = None,
        clock: Callable[[], datetime] = utc_now,
        uptime: Callable[[], tuple[str, float]] = uptime,
    ) -> None:
        """Take a URL such as ``sqlite:////var/lib/x/registry.db`` or ``postgresql://user@host/name``.

        Nothing is opened yet. ``clock`` says what time it is, and ``uptime`` what the machine's own clock says, which
        nobody sets (see control/host/clock.py).
        """
        self._url = make_url(url)
        if self._url.drivername == "postgresql":
            self._url = self._url.set(drivername="postgresql+psycopg")
        self.rules = rules or Rules()
        self._clock, self._uptime = clock, uptime
        self._engine: Engine | None = None
        self._process = 0

    @property
    def is_sqlite(self) -> bool:
        """Whether it is a file of SQLite."""
        return self._url.get_backend_name() == "sqlite"

    def now(self) -> datetime:
        """Return the time, in UTC."""
        return self._clock()

    def uptime(self) -> tuple[str, float]:
        """Return the same by the machine's own clock: the boot, and seconds in it."""
        return self._uptime()

    @contextmanager
    def writing(self, actor: Actor, request_id: str = "", dry_run: bool = False) -> Iterator[Writing]:
        """Open a write transaction, which is committed at the end, with its serial and its audit rows.

        An exception undoes it; a refusal is audited in a transaction of its own. A dry run is undone in any case.

        Raises:
            Refused: whatever the block refused; "unavailable" or "no-room" when the database is.
        """
        action = ("write", "")
        try:
            with self._transaction(actor, request_id) as writing:
                try:
                    yield writing
                finally:
                    action = writing.action
                if dry_run:
                    writing.session.rollback()
                else:
                    writing.finish()
                    writing.session.commit()
        except Refused as refused:
            if not dry_run and refused.kind not in (Kind.UNAVAILABLE, Kind.NO_ROOM):
                self.record_refusal(actor, request_id, refused, *action)
            raise

    def record_refusal(self, actor: Actor, request_id: str, refused: Refused, action: str, object_: str = "") -> None:
        """Audit an attempt that was refused.

        Raises:
            Refused: "unavailable" or "no-room": the database cannot take it.
        """
        with self._transaction(actor, request_id) as writing:
            writing.finish_refused(refused, action, object_)
            writing.session.commit()

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Open a read transaction: one state from first to last statement, whatever is written meanwhile.

        Raises:
            Refused: "unavailable": the database is.
        """
        with self._refusing(), Session(self._engine_for("reading"), autoflush=False) as session:
            yield session

    def upgrade(self, revision: str = "head") -> None:
        """Make or change the tables up to a revision; nothing happens where they are as they should be.

        Raises:
            Refused: "unavailable" or "no-room".
        """
        self._migrate(command.upgrade, revision)

    def downgrade(self, revision: str) -> None:
        """Take the tables back to a revision, "base" for none at all: what they held is lost.

        Raises:
            Refused: "unavailable" or "no-room".
        """
        self._migrate(command.downgrade, revision)

    def close(self) -> None:
        """Close every connection of this process."""
        if self._engine:
            self._engine.dispose(close=self._process == os.getpid())
            self._engine = None

    @contextmanager
    def _transaction(self, actor: Actor, request_id: str) -> Iterator[Writing]:
        with self._refusing(), self._turn(), Session(self._engine_for("writing")) as session:
            ledger = session.scalars(select(Ledger).with_for_update()).one()
            yield Writing(session, ledger, actor, request_id, self._clock(), self._uptime(), self.rules)

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Wait until no one else writes; PostgreSQL does that by the ledger's row."""
        if not self.is_sqlite:
            yield
            return
        path = Path(f"{self._url.database}.lock")
        _make_for_its_owner(path)
        lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, FILE_MODE)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)

    def _migrate(self, what: Callable[[Migrations, str], None], revision: str) -> None:
        if self.is_sqlite:
            Path(str(self._url.database)).parent.mkdir(parents=True, exist_ok=True, mode=0o750)
        migrations = Migrations()
        migrations.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
        with self._refusing(), self._turn():
            self._keep_a_log_ahead()
            with self._engine_for("writing").begin() as connection:
                if not self.is_sqlite:
                    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATING})
                migrations.attributes["connection"] = connection
                what(migrations, revision)

    def _keep_a_log_ahead(self) -> None:
        """Switch SQLite to a write-ahead log, so that readers and the writer do not wait for each other."""
        if self.is_sqlite:
            _make_for_its_owner(Path(str(self._url.database)))
            connection = self._engine_for("writing").raw_connection()
            try:
                connection.cursor().execute("PRAGMA journal_mode=WAL")
            finally:
                connection.close()

    def _engine_for(self, purpose: str) -> Engine:
        if self._engine is None or self._process != os.getpid():
            if self._engine is not None:
                self._engine.dispose(close=False)  # the connections are the parent's
            self._engine, self._process = self._new_engine(), os.getpid()
        if purpose == "reading" and not self.is_sqlite:
            return self._engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        return self._engine.execution_options(purpose=purpose)

    def _new_engine(self) -> Engine:
        engine = create_engine(self._url, pool_size=8, max_overflow=-1, pool_pre_ping=not self.is_sqlite)
        if self.is_sqlite:
            event.listen(engine, "connect", _prepare_sqlite)
            event.listen(engine, "begin", _begin_sqlite)
        return engine

    @contextmanager
    def _refusing(self) -> Iterator[None]:
        """Turn what the database itself reports into a refusal; a fault of the program stays what it is."""
        try:
            yield
        except DBAPIError as error:
            where = self._url.render_as_string(hide_password=True)
            if getattr(error.orig, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL or "No space left" in str(error):
                fault = Fault(where, str(error.orig), "free space on that disk")
                raise Refused(Kind.NO_ROOM, "The registry cannot be written", [fault]) from error
            if type(error).__name__ == "OperationalError":
                fault = Fault(where, str(error.orig).strip(), "see that the database runs and can be reached")
                raise Refused(Kind.UNAVAILABLE, "The registry's database cannot be used", [fault]) from error
            raise


def _make_for_its_owner(path: Path) -> None:
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
