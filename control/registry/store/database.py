"""The database: SQLite in a file or PostgreSQL, many readers and one writer at a time.

One writer at a time is what makes serials and audit rows come in the order of the commits. On SQLite writers ask again
and again for a lock on a file beside the database, on PostgreSQL they queue for the ledger's one row; for how long,
``engines`` says. Readers never wait, and see one state from first to last statement.
"""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from alembic import command
from alembic.config import Config as Migrations
from sqlalchemy import Engine, func, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from control.config import Config
from control.fault import Fault, Kind, Refused
from control.host.clock import uptime
from control.registry.access.actor import Actor
from control.registry.audit import telling
from control.registry.parties.categories import load_categories
from control.registry.space.addresses import AddressRules
from control.registry.store import engines, refusals
from control.registry.store.engines import AT_WORK, Patience
from control.registry.store.keys import TITLE, KeyFile, Keys
from control.registry.store.model import Ledger
from control.registry.store.writing import Expiry, Rules, Writing
from control.rollout.limits import Limit

UPGRADE = Actor("upgrade")
"""Who tells the audit of tables that a new version has changed."""

MIGRATING = 0x77696B74
"""Key of PostgreSQL's advisory lock while the tables are made or changed."""


def utc_now() -> datetime:
    """Return the time in UTC."""
    return datetime.now(UTC)


def open_database(config: Config, patience: Patience = AT_WORK, url: str = "") -> "Database":
    """Return the registry's database as the configuration says; ``upgrade`` makes its tables.

    ``url`` is that of another login to it: ``Config.registry_worker_url`` or ``registry_owner_url``.

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
    return Database(url or config.registry_url, rules, key=KeyFile(config.key_file), patience=patience)


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
        key: KeyFile | None = None,
        patience: Patience = AT_WORK,
    ) -> None:
        """Take a URL such as ``sqlite:////var/lib/x/registry.db`` or ``postgresql://user@host/name``.

        Nothing is opened yet. ``clock`` says what time it is, and ``uptime`` what the machine's own clock says, which
        nobody sets (see control/host/clock.py). ``key`` is where the registry's key is; none for who only follows it.
        """
        self._url = engines.url_of(url)
        self.rules = rules or Rules()
        self._clock, self._uptime = clock, uptime
        self._key, self._patience = key, patience
        self._keys: Keys | None = None
        self._engine: Engine | None = None
        self._process = 0

    @property
    def keys(self) -> Keys:
        """What the registry's key is good for.

        Raises:
            Refused: "bad-configuration": there is none here, or it is another registry's.
        """
        if self._keys is None:
            if self._key is None:
                fault = Fault("the registry's key", "is not here", "ask where the registry is served")
                raise Refused(Kind.BAD_CONFIGURATION, TITLE, [fault])
            keys = self._key.read()
            with self.reading() as session:
                self._demand_same(keys, session.scalars(select(Ledger.key_name)).one())
            self._keys = keys
        return self._keys

    @property
    def is_sqlite(self) -> bool:
        """Whether it is a file of SQLite."""
        return engines.is_sqlite(self._url)

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

    @contextmanager
    def calling(self) -> Iterator[Session]:
        """Open a transaction of PostgreSQL that takes no turn: for what the database orders itself.

        Raises:
            Refused: whatever the block refused; "unavailable": the database is, or the login lacks a right.
        """
        with self._refusing(), Session(self._engine_for("writing"), autoflush=False) as session:
            yield session
            session.commit()

    def give_way(self) -> None:
        """Let whoever waits write, between two transactions of long work; PostgreSQL has a queue for that."""
        if self.is_sqlite:
            time.sleep(engines.GIVEN_WAY)

    def upgrade(self, revision: str = "head") -> None:
        """Make or change the tables up to a revision, and the key; nothing happens where they are as they should be.

        Raises:
            Refused: "unavailable" or "no-room"; "bad-configuration": the key cannot be made, or is another registry's.
        """
        self._migrate(command.upgrade, revision)
        if revision == "head":
            if self._key is not None:
                self._take_the_key_out(self._key)
            with self.reading() as session:
                due = telling.is_due(session)
            if due:
                with self.writing(UPGRADE) as writing:
                    telling.tell(writing)

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

    def _now_of(self, session: Session) -> datetime:
        """Return the time, of PostgreSQL's server where there is one: the clocks of several machines may differ."""
        if self.is_sqlite or self._clock is not utc_now:
            return self._clock()
        now: datetime = session.execute(select(func.clock_timestamp())).scalar_one()
        return now.astimezone(UTC)

    def _take_the_key_out(self, file: KeyFile) -> None:
        """Make the key's file unless it is there, of the key in the ledger where one is, and note its name."""
        with self._refusing(), engines.turn(self._url, self._patience), Session(self._engine_for("writing")) as session:
            ledger = session.scalars(select(Ledger).with_for_update()).one()
            if ledger.key_name is None:
                keys = file.made(ledger.secret)
                ledger.secret, ledger.key_name = None, keys.name
                session.commit()
            else:
                self._demand_same(file.read(), ledger.key_name)

    def _demand_same(self, keys: Keys, name: str | None) -> None:
        if name != keys.name:
            why = f"is {keys.name}, and the registry's is {name or 'not made yet'}"
            mend = "copy the file registry-key from the machine that made it, or run wicket registry upgrade"
            raise Refused(Kind.BAD_CONFIGURATION, TITLE, [Fault("the registry's key", why, mend)])

    @contextmanager
    def _transaction(self, actor: Actor, request_id: str) -> Iterator[Writing]:
        with self._refusing(), engines.turn(self._url, self._patience), Session(self._engine_for("writing")) as session:
            ledger = session.scalars(select(Ledger).with_for_update()).one()
            yield Writing(
                session, ledger, actor, request_id, self._now_of(session), self._uptime(), self.rules, lambda: self.keys
            )

    def _migrate(self, what: Callable[[Migrations, str], None], revision: str) -> None:
        if self.is_sqlite:
            Path(str(self._url.database)).parent.mkdir(parents=True, exist_ok=True, mode=0o750)
        migrations = Migrations()
        migrations.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
        with self._refusing(), engines.turn(self._url, self._patience):
            engines.keep_a_log_ahead(self._engine_for("writing"), self._url)
            with self._engine_for("writing").begin() as connection:
                if not self.is_sqlite:
                    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATING})
                migrations.attributes["connection"] = connection
                what(migrations, revision)

    def _engine_for(self, purpose: str) -> Engine:
        if self._engine is None or self._process != os.getpid():
            if self._engine is not None:
                self._engine.dispose(close=False)  # the connections are the parent's
            self._engine, self._process = engines.new_engine(self._url, self._patience), os.getpid()
        if purpose == "reading" and not self.is_sqlite:
            return self._engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        return self._engine.execution_options(purpose=purpose)

    @contextmanager
    def _refusing(self) -> Iterator[None]:
        """Turn what the database itself reports into a refusal; a fault of the program stays what it is."""
        try:
            yield
        except DBAPIError as error:
            if refused := refusals.of(error, self._url.render_as_string(hide_password=True)):
                raise refused from error
            raise
