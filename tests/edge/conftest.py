"""Edges of the tests' own: the real kernel and the real database, without the daemon around them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from control.edge.edge import Edge
from tests.edge import place as places
from tests.edge.place import Place, listed, replace_list
from tests.edge.wired import Wired, wired


@pytest.fixture
def place(tmp_path: Path, bpffs: Path) -> Iterator[Place]:
    """Where no edge has been yet."""
    place = places.place(tmp_path, bpffs)
    yield place
    place.remove()


@pytest.fixture(scope="module")
def module_place(tmp_path_factory: pytest.TempPathFactory, bpffs: Path) -> Iterator[Place]:
    """A place that the tests of a module share."""
    place = places.place(tmp_path_factory.mktemp("edge"), bpffs)
    yield place
    place.remove()


@pytest.fixture
def wire(place: Place) -> Iterator[Wired]:
    """A place in a network namespace of its own, with a cable to it."""
    with wired(place) as wire:
        yield wire


@pytest.fixture
def used(place: Place) -> Place:
    """Where an edge has been, and left a list of a few entries."""
    with place.edge() as edge:
        replace_list(edge, listed())
    return place


@pytest.fixture
def edge(place: Place) -> Iterator[Edge]:
    """A running edge with a list of a few entries."""
    with place.edge() as edge:
        replace_list(edge, listed())
        yield edge
