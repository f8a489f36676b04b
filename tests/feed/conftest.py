"""A registry on SQLite and on PostgreSQL, and an edge of the test's own that follows it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import text

from control.registry.cases import review
from control.registry.intents import intents
from control.registry.store.database import Database
from tests.edge import place as places
from tests.edge.place import Place, replace_list
from tests.feed.following import LOCAL
from tests.registry.cast import OFFICER, RULES, SECOND, Cast, apply, assemble, register
from tests.registry.key import key

PART = 256
"""Entries of one application (control/registry/categories.toml)."""


@dataclass
class Registry:
    """A registry that tests enter addresses into.

    Attributes:
        ids: of the registrations of each prefix.
    """

    url: str
    database: Database
    cast: Cast
    ids: dict[str, str] = field(default_factory=dict)

    def register_many(self, prefixes: Sequence[str]) -> None:
        """Take more addresses than fit one application all the way, in one serial."""
        parts = [prefixes[start : start + PART] for start in range(0, len(prefixes), PART)]
        applications = [apply(self.database, self.cast, part) for part in parts]
        with self.database.writing(self.cast.confirmer) as writing:
            for each in applications:
                review.confirm(writing, each)
        with self.database.writing(OFFICER) as writing:
            for each in applications:
                review.approve(writing, each)

    def register(self, *prefixes: object) -> None:
        """Take addresses all the way to the live list, in one serial."""
        made = register(self.database, self.cast, *prefixes)
        self.ids |= dict(zip(map(str, prefixes), made, strict=True))

    def revoke(self, *prefixes: str) -> None:
        """Take registrations off the live list, by two officers."""
        ids: dict[str, int | None] = dict.fromkeys(self.ids[prefix] for prefix in prefixes)
        with self.database.writing(OFFICER) as writing:
            intent = intents.propose(writing, "revoke", ids, "a test").id
        with self.database.writing(SECOND) as writing:
            intents.confirm(writing, intent, len(ids))

    def sql(self, *statements: str) -> None:
        """Do something to the database behind the registry's back, in one transaction."""
        with self.database.writing(OFFICER) as writing:
            for statement in statements:
                writing.session.execute(text(statement))
            writing.session.expire_all()

    def put_back(self, serial: int, count: int) -> None:
        """Put back what the feed is made of, as an older copy of the database has it: the epoch stays."""
        self.sql(
            f"DELETE FROM listing WHERE joined_serial > {serial}",
            f"UPDATE listing SET left_serial = NULL WHERE left_serial > {serial}",
            f"DELETE FROM publication WHERE serial > {serial}",
            "DELETE FROM edge_ack",
            f"UPDATE ledger SET serial = {serial}, count = {count}",
        )


@pytest.fixture
def new_registry(new_registry_url: Callable[[], str]) -> Iterator[Callable[[], Registry]]:
    """What makes registries, each another."""
    opened: list[Database] = []

    def make() -> Registry:
        url = new_registry_url()
        opened.append(Database(url, RULES, key=key()))
        return Registry(url, opened[-1], assemble(opened[-1]))

    yield make
    for database in opened:
        database.close()


@pytest.fixture
def registry(new_registry: Callable[[], Registry]) -> Registry:
    """A registry with two addresses on its live list."""
    made = new_registry()
    made.register("10.0.0.1", "10.0.0.2")
    return made


@pytest.fixture
def place(tmp_path: Path, bpffs: Path) -> Iterator[Place]:
    """Where an edge has been, and left a local list."""
    place = places.place(tmp_path, bpffs)
    with place.edge() as edge:
        replace_list(edge, LOCAL)
    yield place
    place.remove()
