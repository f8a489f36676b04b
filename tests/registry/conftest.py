"""The registry on SQLite and on PostgreSQL: a test that asks for ``database`` runs on both."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from control.registry.space.addresses import AddressRules
from control.registry.store.database import Database
from control.registry.store.writing import Rules
from tests.registry.clock import Clock
from tests.registry.postgres import Postgres, running


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    with running() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def new_url(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], str]:
    """What makes URLs of empty databases, each another."""
    if request.param == "postgresql":
        server: Postgres = request.getfixturevalue("postgres")
        return server.new_database
    names = iter(range(1_000_000))
    return lambda: f"sqlite:///{tmp_path}/{next(names)}.db"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def empty(new_url: Callable[[], str], clock: Clock) -> Iterator[Database]:
    """A database without tables, for private addresses too: there are enough of them for any test."""
    database = Database(new_url(), Rules(AddressRules(private=True)), clock)
    yield database
    database.close()


@pytest.fixture
def database(empty: Database) -> Database:
    empty.upgrade()
    return empty
