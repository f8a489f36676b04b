"""A registry with something in every table, and what an edge has kept of its heads."""

from pathlib import Path

import pytest

from control.registry.store.database import Database
from tests.registry.clock import Clock
from tests.registry.conftest import clock, database, empty  # noqa: F401  # fixtures
from tests.registry_audit.house import House, furnished


@pytest.fixture
def house(database: Database, clock: Clock, tmp_path: Path) -> House:  # noqa: F811
    house = furnished(database, clock, tmp_path / "anchors")
    assert house.found() == []
    return house
