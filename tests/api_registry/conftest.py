"""One running agent and API with a registry, shared by the tests of a run."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from control.cli import main
from lab.gateway import Gateway, running
from tests.api_registry.world import World, begin, furnish, settings


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory, bpffs: Path) -> Iterator[World]:
    """The world, which at the end of the run is what its audit says: whatever was asked of it is in there."""
    directory = tmp_path_factory.mktemp("registry")
    with running(directory, bpffs, more=settings(directory)) as gateway:
        yield furnish(begin(gateway))
        assert findings(gateway) == []


def findings(gateway: Gateway) -> list[dict[str, str]]:
    """Return what `wicket registry audit verify` finds."""
    words = ["--config", str(gateway.config), "registry", "audit", "verify", "--json"]
    found: list[dict[str, str]] = json.loads(CliRunner().invoke(main, words).stdout)["findings"]
    return found
