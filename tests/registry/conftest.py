"""A registry for tests, with a clock that they move."""

from collections.abc import Callable, Iterator, Sequence

import pytest

from control.fault import Fault
from control.registry.audit import verify
from control.registry.audit.chain import Tampering, Witnessed
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
def database(request: pytest.FixtureRequest, new_registry_url: Callable[[], str], clock: Clock) -> Iterator[Database]:
    """A database with its tables, which at the end of each test are what the audit says, unless it was ``tampered``."""
    database = Database(new_registry_url(), RULES, clock, clock.uptime, key())
    yield database
    try:
        if not request.node.get_closest_marker("tampered"):
            assert found(database) == []
    finally:
        database.close()


def found(database: Database, given: Sequence[Witnessed | Fault] = ()) -> list[Tampering]:
    """Return everything that is not as it was written."""
    with database.reading() as session:
        return list(verify.findings(session, key().read().public.hex(), given))
