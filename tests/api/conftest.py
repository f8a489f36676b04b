"""The gateway that the tests of the API share: one for a run, with the same list before each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.gateway import Gateway, running

START_LIST = ("192.0.2.1", "198.51.100.0/24", "2001:db8::/48")


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory, bpffs: Path) -> Iterator[Gateway]:
    with running(tmp_path_factory.mktemp("gateway"), bpffs) as gateway:
        yield gateway


@pytest.fixture
def gateway(shared: Gateway) -> Gateway:
    """The gateway with START_LIST live."""
    shared.must_run()
    answer = shared.put("\n".join(START_LIST).encode(), Content_Type="text/csv")
    assert answer.status == 200, answer.body
    return shared
