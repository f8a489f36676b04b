"""Pins that go while an edge runs, and places that take none: said clearly, and the live list stays.

A bpffs cannot be full: it has no size and no quota, its inodes are kernel memory. What stands for it here is every
way in which it does refuse a pin.
"""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from control.datapath.datapath import check_bpffs
from control.edge.edge import Edge
from control.fault import Refused
from tests.edge.place import (
    MANY,
    Place,
    change_list,
    generations_of,
    hosts,
    is_let_through,
    is_live,
    is_pinned,
    listed,
    live_of,
    mounted,
    place,
    program_of,
    replace_list,
    serials_of,
)

pytestmark = pytest.mark.usefixtures("copied_program")

Remove = Callable[[Place], object]

REMOVALS: dict[str, Remove] = {
    "the program's pin": lambda place: (place.live / "program").unlink(),
    "a map's pin": lambda place: (place.live / "maps" / "controls").unlink(),
    "a generation's pin": lambda place: next(place.live.glob("generations/*/entries")).unlink(),
    "all generations": lambda place: shutil.rmtree(place.live / "generations"),
    "all pins": lambda place: shutil.rmtree(place.live),
    "the instance": lambda place: shutil.rmtree(place.config.pins),
}


@pytest.mark.parametrize("remove", REMOVALS.values(), ids=list(REMOVALS))
def test_removed_pins_are_pinned_again(place: Place, remove: Remove) -> None:
    with place.edge() as edge:
        replace_list(edge, hosts(MANY))
        replace_list(edge, listed())
        held, program = generations_of(edge), program_of(edge)
        serials = [generation.revision for generation in held]
        remove(place)
        assert not is_pinned(edge)
        edge.sweep()
        assert is_pinned(edge)
        assert is_let_through(edge, "192.0.2.1")
    with place.edge() as edge:
        assert (program_of(edge), serials_of(edge)) == (program, serials)
        assert is_live(edge, listed())


def test_an_edge_whose_directory_was_removed_still_keeps_others_out(place: Place) -> None:
    with place.edge() as edge:
        shutil.rmtree(place.config.pins)
        edge.sweep()
        with pytest.raises(Refused, match="has its agent already"), place.edge():
            pass


def test_an_edge_whose_instance_was_taken_leaves_the_pins_to_the_other(place: Place, tmp_path: Path) -> None:
    with place.edge() as edge:
        replace_list(edge, listed())
        shutil.rmtree(place.config.pins)
        config = place.config.model_copy(update={"state": tmp_path / "other"})
        other = Edge.open(config)
        try:
            with pytest.raises(Refused, match="has its agent already"):
                edge.sweep()
            assert other.datapath.is_pinned()
            assert is_live(edge, listed()), "what it drives goes on"
        finally:
            other.close()


@pytest.fixture
def own_bpffs(tmp_path: Path) -> Iterator[Path]:
    with mounted(tmp_path / "bpf", "bpf") as directory:
        yield directory


def remount(directory: Path, options: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{options}", directory], check=True)


@pytest.fixture
def read_only(tmp_path: Path, own_bpffs: Path) -> Iterator[tuple[Place, Edge]]:
    """An edge whose bpffs was made read-only under it."""
    here = place(tmp_path, own_bpffs)
    with here.edge() as edge:
        replace_list(edge, hosts(MANY))
        remount(own_bpffs, "ro")
        try:
            yield here, edge
        finally:
            remount(own_bpffs, "rw")
    here.remove()


def test_a_list_that_cannot_be_pinned_is_refused(read_only: tuple[Place, Edge]) -> None:
    here, edge = read_only
    before = edge.list.state.local
    with pytest.raises(Refused, match="cannot be pinned") as refused:
        replace_list(edge, hosts(2 * MANY))
    (fault,) = refused.value.faults
    assert refused.value.kind == "bad-pins"
    assert fault.where.startswith(str(here.live / "generations"))
    assert (fault.why, "remount,rw" in fault.mend) == ("Read-only file system", True)
    assert (edge.list.state.local, is_live(edge, hosts(MANY))) == (before, True)


def test_a_small_change_needs_no_pin(read_only: tuple[Place, Edge]) -> None:
    _, edge = read_only
    change_list(edge, listed(["192.0.2.99"]), hosts(1))
    assert live_of(edge).revision == edge.list.state.local.serial
    assert is_let_through(edge, "192.0.2.99") and not is_let_through(edge, "203.0.0.0")


def test_a_list_goes_live_once_the_bpffs_is_mended(read_only: tuple[Place, Edge], own_bpffs: Path) -> None:
    _, edge = read_only
    for _ in range(20):
        with pytest.raises(Refused):
            replace_list(edge, hosts(2 * MANY))
    remount(own_bpffs, "rw")
    replace_list(edge, hosts(2 * MANY))
    assert is_live(edge, hosts(2 * MANY))
    assert len(generations_of(edge)) <= edge.config.list.generations


def test_an_edge_does_not_start_on_a_read_only_bpffs(tmp_path: Path, own_bpffs: Path) -> None:
    here = place(tmp_path, own_bpffs)
    remount(own_bpffs, "ro")
    with pytest.raises(Refused, match=r"Read-only file system.*remount,rw"), here.edge():
        pass


def test_an_edge_does_not_start_where_there_is_no_bpffs(tmp_path: Path) -> None:
    here = place(tmp_path, tmp_path / "plain")
    with pytest.raises(Refused, match=r"not on a bpffs.*mount one: mount -t bpf") as refused, here.edge():
        pass
    assert refused.value.kind == "bad-pins"
    assert refused.value.faults[0].where == str(here.config.pins)


def test_an_edge_says_when_its_bpffs_was_unmounted(tmp_path: Path) -> None:
    """It goes on with what it has in hand, and pins again once there is a bpffs."""
    directory = tmp_path / "bpf"
    with mounted(directory, "bpf"):
        here = place(tmp_path, directory)
        with here.edge() as edge:
            replace_list(edge, listed())
            subprocess.run(["umount", "--lazy", directory], check=True)
            with pytest.raises(Refused, match="not on a bpffs"):
                edge.sweep()
            change_list(edge, listed(["203.0.113.5"]), listed(["192.0.2.1"]))
            assert is_let_through(edge, "203.0.113.5")
            subprocess.run(["mount", "-t", "bpf", "bpf", directory], check=True)
            edge.sweep()
            program = program_of(edge)
        with here.edge() as edge:
            assert program_of(edge) == program
            assert is_let_through(edge, "203.0.113.5") and not is_let_through(edge, "192.0.2.1")
        here.remove()


def test_the_doctor_leaves_nothing_behind(tmp_path: Path, own_bpffs: Path) -> None:
    assert check_bpffs(own_bpffs) is None
    fault = check_bpffs(tmp_path / "plain")
    assert fault is not None and "not on a bpffs" in fault.why
    assert not list(own_bpffs.glob("doctor*")) and not list((tmp_path / "plain").iterdir())
