"""What becomes of the registry that an edge follows. Each is there while its block lasts."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import text

from control.commands.packets import CheckAddress
from control.registry.access.actor import Actor
from control.registry.cases import review
from control.registry.cases.applications import DocumentText, Draft, create_many
from control.registry.intents import intents
from control.registry.parties import providers, registrants
from control.registry.parties.providers import ProviderText
from control.registry.parties.registrants import RegistrantNew
from control.registry.space.addresses import read_entries
from control.registry.store import backup
from control.registry.store.database import Database
from control.registry.store.keys import KeyFile
from lab.faults.faults import Fault
from lab.faults.site import Site
from lab.waiting import wait_for

OFFICERS = [Actor(name, frozenset({"officer"})) for name in ("first officer", "second officer")]
PAPERS = tuple(DocumentText(kind=kind, reference="lab", sha256="0" * 64) for kind in ("identity", "incorporation"))
MISSED, LATER = "192.0.3.1", "192.0.3.2"


@dataclass
class Registry:
    """A registry in a file, that an edge follows.

    Attributes:
        file: its database.
        ids: of the registrations, by address.
    """

    file: Path
    ids: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """Its URL."""
        return f"sqlite:///{self.file}"

    @contextlib.contextmanager
    def opened(self) -> Iterator[Database]:
        """Open it, whatever file is there now."""
        database = Database(self.url, key=KeyFile(self.file.with_name(f"{self.file.name}.key")))
        try:
            yield database
        finally:
            database.close()

    def make(self) -> None:
        """Make its tables, and those who act."""
        with self.opened() as database:
            database.upgrade()
            with database.writing(OFFICERS[0]) as writing:
                registrants.create_many(writing, [RegistrantNew(kind="organisation", name="Company")])
                providers.create(writing, ProviderText(name="Provider"))

    def approve(self, *addresses: str) -> None:
        """Take addresses all the way to the live list, in one serial."""
        with self.opened() as database:
            with database.writing(OFFICERS[0]) as writing:
                company, provider = (
                    str(writing.session.scalar(text(f"SELECT id FROM {table}"))) for table in ("registrant", "provider")
                )
                entries = read_entries(addresses, writing.rules.addresses)
                (made,) = create_many(writing, [Draft(company, "company", entries, PAPERS, provider)])
                application = review.submit(writing, made.id).id
            with database.writing(Actor(provider, frozenset({"provider"}), provider=provider)) as writing:
                review.confirm(writing, application)
            with database.writing(OFFICERS[1]) as writing:
                registered = review.approve(writing, application)
                self.ids |= {each.prefix: each.id for each in registered}

    def revoke_all(self) -> None:
        """Take everything off the live list, by two officers."""
        with self.opened() as database:
            with database.reading() as session:
                live = "SELECT registration_id FROM listing WHERE left_serial IS NULL"
                ids: dict[str, int | None] = dict.fromkeys(session.scalars(text(live)))
            if not ids:
                return
            with database.writing(OFFICERS[0]) as writing:
                intent = intents.propose(writing, "revoke", ids, "the end of the lab").id
            with database.writing(OFFICERS[1]) as writing:
                intents.confirm(writing, intent, len(ids))

    def lose(self, *addresses: str) -> None:
        """Put the rows of addresses aside, out of the table of the live list, behind the registry's back."""
        lost = ", ".join(f"'{self.ids[address]}'" for address in addresses)
        self._sql(
            f"CREATE TABLE aside AS SELECT * FROM listing WHERE registration_id IN ({lost})",
            f"DELETE FROM listing WHERE registration_id IN ({lost})",
        )

    def find_again(self) -> None:
        """Put those rows back."""
        self._sql("INSERT INTO listing SELECT * FROM aside", "DROP TABLE aside")

    def copy(self, to: Path) -> None:
        """Copy the database as it is."""
        with contextlib.closing(sqlite3.connect(self.file)) as here, contextlib.closing(sqlite3.connect(to)) as there:
            here.backup(there)

    def put_in_place(self, other: Path) -> None:
        """Put another database in its place."""
        for suffix in ("-wal", "-shm"):
            self.file.with_name(f"{self.file.name}{suffix}").unlink(missing_ok=True)
        other.replace(self.file)

    def _sql(self, *statements: str) -> None:
        with contextlib.closing(sqlite3.connect(self.file)) as connection, connection:
            for statement in statements:
                connection.execute(statement)


@contextlib.contextmanager
def followed(site: Site) -> Iterator[Registry]:
    """Have half of the servers on the registry's list alone, which the edge follows, then the rest of them too."""
    room = site.stage.directory / "registry"
    room.mkdir()
    registry = Registry(room / "registry.db")
    registry.make()
    before = site.edge.config.read_text()
    registry.approve(*site.servers[::2])
    registry.copy(room / "earlier.db")
    site.edge.end_agent()
    site.edge.config.write_text(f'{before}\n[feed]\nurl = "{registry.url}"\npoll = "1s"\n')
    try:
        site.edge.start_agent()
        registry.approve(*site.servers[1::2])
        _wait_for_feed(site, count=len(site.servers))
        answer = site.edge.put(b'{"entries": []}', "?allow_empty=true", Content_Type="application/json")
        assert answer.status == 200, answer.body
        yield registry
    finally:
        site.edge.push(site.servers)
        registry.revoke_all()
        wait_for(lambda: _feed(site)["held"] is not None, "the feed answers")
        site.edge.say("held", "release", "feed")  # where anything is
        _wait_for_feed(site, count=0)
        site.edge.end_agent()
        site.edge.config.write_text(before)
        shutil.rmtree(room)


@contextlib.contextmanager
def registry_gone(site: Site) -> Iterator[None]:
    """The registry is not there, and the agent is started."""
    with followed(site) as registry:
        away = registry.file.with_name("away.db")
        registry.file.rename(away)
        site.edge.end_agent()
        site.edge.start_agent()
        try:
            yield
        finally:
            registry.put_in_place(away)


@contextlib.contextmanager
def registry_put_back(site: Site) -> Iterator[None]:
    """An older copy takes the registry's place, and goes on under its epoch."""
    with followed(site) as registry:
        _go_on_from(site, registry, registry.file.with_name("earlier.db"))
        yield


@contextlib.contextmanager
def registry_restored(site: Site) -> Iterator[None]:
    """The registry is restored from a backup."""
    with followed(site) as registry:
        earlier, restored = (Registry(registry.file.with_name(name)) for name in ("earlier.db", "restored.db"))
        kept = registry.file.with_name("backup")
        with earlier.opened() as database:
            backup.write(database, kept)
        with restored.opened() as database:
            backup.restore(database, kept, OFFICERS[0])
            with contextlib.closing(sqlite3.connect(restored.file)) as connection:
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        _go_on_from(site, registry, restored.file)
        yield


@contextlib.contextmanager
def registry_row_missing(site: Site) -> Iterator[None]:
    """A row of the registry's list is lost before the edge had it, and one that it had."""
    with followed(site) as registry:
        site.edge.end_agent()
        registry.approve(MISSED)
        registry.lose(MISSED, site.servers[0])
        site.edge.start_agent()
        registry.approve(LATER)
        wait_for(lambda: _is_live(site, LATER), "what is added goes live")
        assert "and it says" in _feed(site)["contact"]["trouble"], _feed(site)
        try:
            yield
        finally:
            registry.find_again()


REGISTRY: dict[str, Fault] = {
    "registry-gone": registry_gone,
    "registry-put-back": registry_put_back,
    "registry-restored": registry_restored,
    "registry-row-missing": registry_row_missing,
}
"""By the name that docs/failure.md has for it."""


def _feed(site: Site) -> dict[str, Any]:
    feed: dict[str, Any] = site.status()["feed"]
    return feed


def _wait_for_feed(site: Site, count: int) -> None:
    wait_for(lambda: _feed(site)["count"] == count, f"the feed's list has {count} entries here")


def _go_on_from(site: Site, registry: Registry, other: Path) -> None:
    """Put another database in the registry's place, which goes on, and wait until the edge has met it."""
    registry.put_in_place(other)
    registry.approve(LATER)
    wait_for(lambda: _feed(site)["held"], "what the feed lacks is held")
    wait_for(lambda: _is_live(site, LATER), "what it adds is live")


def _is_live(site: Site, address: str) -> bool:
    return bool(site.edge.socket.ask(CheckAddress(address=address)).live)
