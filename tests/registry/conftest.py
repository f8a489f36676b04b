"""A registry for tests, with a clock that they move."""

from collections.abc import Callable, Iterator

import pytest

from control.registry.store.database import Database
from tests.registry.cast import RULES
from tests.registry.clock import Clock
from tests.registry.key import key


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def empty(new_url: Callable[[], str], clock: Clock) -> Iterator[Database]:
    """A database without tables."""
    database = Database(new_url(), RULES, clock, clock.uptime, key())
    yield database
    database.close()


@pytest.fixture
def database(new_registry_url: Callable[[], str], clock: Clock) -> Iterator[Database]:
    """A database with its tables."""
    database = Database(new_registry_url(), RULES, clock, clock.uptime, key())
    yield database
    database.close()
