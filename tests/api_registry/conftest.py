"""One running agent and API with a registry, shared by the tests of a run."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.gateway import running
from tests.api_registry.world import World, begin, furnish, settings


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory, bpffs: Path) -> Iterator[World]:
    directory = tmp_path_factory.mktemp("registry")
    with running(directory, bpffs, more=settings(directory)) as gateway:
        yield furnish(begin(gateway))
