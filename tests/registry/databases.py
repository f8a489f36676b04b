"""The registry's databases as fixtures: a test that asks for one runs on SQLite and on PostgreSQL."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.registry.postgres import Postgres, running
from tests.registry.sqlite import Sqlite


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """The server of this process."""
    with running() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def databases(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Sqlite | Postgres]:
    """Where to get databases, which go with the test."""
    if request.param == "sqlite":
        yield Sqlite(tmp_path)
        return
    server: Postgres = request.getfixturevalue("postgres")
    yield server
    server.drop()


@pytest.fixture
def new_url(databases: Sqlite | Postgres) -> Callable[[], str]:
    """What makes URLs of empty databases, each another."""
    return databases.empty


@pytest.fixture
def new_registry_url(databases: Sqlite | Postgres) -> Callable[[], str]:
    """What makes URLs of databases with the registry's tables, each another."""
    return databases.migrated
