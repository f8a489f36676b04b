"""Two instances on one machine: the same program, and each keeps to its own interfaces."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from control.datapath import datapath
from control.datapath.interfaces import links
from control.fault import Refused
from tests.edge import place as places
from tests.edge.place import Place
from tests.edge.wired import Wired

pytestmark = pytest.mark.usefixtures("copied_program")


@pytest.fixture
def other(tmp_path: Path, bpffs: Path) -> Iterator[Place]:
    other = places.place(tmp_path / "other", bpffs)
    yield other
    other.remove()


def test_neither_takes_the_others_interface(wire: Wired, other: Place) -> None:
    with wire.edge() as edge, Wired(wire.namespace, other).edge() as beside:
        wire.attach(edge)
        with pytest.raises(Refused) as refused:
            wire.attach(beside)
        assert refused.value.kind == "foreign-program"
        assert f"the program of the instance {wire.place.config.instance}" in refused.value.faults[0].why
        assert "wicket --config FILE detach far" in refused.value.faults[0].mend
        assert wire.states(edge)["far"].attached


def test_removing_one_leaves_the_other(wire: Wired, other: Place) -> None:
    there = Wired(wire.namespace, other)
    with wire.edge() as edge, there.edge() as beside:
        wire.attach(edge, "far")
        there.attach(beside, "near")
    assert wire.inside(lambda: datapath.remove(other.config.pins)) == ["near"]
    now = wire.inside(links.all_links)
    assert now["far"].program
    assert not now["near"].program
    assert wire.inside(lambda: datapath.remove(wire.place.config.pins)) == ["far"]


def test_starting_one_replaces_nothing_of_the_other(wire: Wired, other: Place) -> None:
    with wire.edge() as edge:
        wire.attach(edge)
    before = wire.inside(links.all_links)["far"].program
    with Wired(wire.namespace, other).edge():
        assert wire.inside(links.all_links)["far"].program == before
