"""Edges whose guard holds what it holds by default."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from control.config.guard import GuardSettings
from control.config.rollout import RolloutSettings
from tests.careful.guarded import guarded
from tests.edge import place as places
from tests.edge.place import Place
from tests.edge.wired import Wired, wired


@pytest.fixture
def place(tmp_path: Path, bpffs: Path) -> Iterator[Place]:
    """Where no edge has been yet; the limits are the default ones."""
    bare = places.place(tmp_path, bpffs)
    config = guarded(bare.config, GuardSettings()).model_copy(update={"rollout": RolloutSettings()})
    place = replace(bare, config=config)
    yield place
    place.remove()


@pytest.fixture
def wire(place: Place) -> Iterator[Wired]:
    """A place in a network namespace of its own, with a cable to it."""
    with wired(place) as wire:
        yield wire
