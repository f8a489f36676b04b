"""One house for all tests of a file."""

from collections.abc import Iterator

import pytest

from tests.registry_doors.house import House


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    house = House(tmp_path_factory.mktemp("house"))
    yield house
    house.close()
