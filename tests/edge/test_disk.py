"""A disk that is lost, full or damaged under an edge: the list in the kernel stays, and nobody is cut."""

import shutil
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from control.allowlist.allowlist import Allowlist
from control.allowlist.entry import Entry
from control.edge.edge import Edge
from control.fault import Refused
from tests.edge.place import (
    FEW,
    MANY,
    Place,
    change_list,
    fill,
    hosts,
    is_let_through,
    is_live,
    is_pinned,
    listed,
    mounted,
    place,
    policies_of,
    program_of,
    replace_list,
    set_policies,
)

pytestmark = pytest.mark.usefixtures("copied_program")

NARROWED = Allowlist.from_entries(
    Entry(prefix, ("wireguard", "openvpn"), ((51820, 51829),), "")
    for prefix in (e.prefix for e in listed().entries(0, 3))
)


def lose(place: Place) -> None:
    shutil.rmtree(place.config.state)


@pytest.mark.parametrize("allowlist", [listed(), hosts(MANY), NARROWED], ids=["few", "many", "narrowed"])
def test_a_lost_disk_costs_nobody(place: Place, allowlist: Allowlist) -> None:
    with place.edge() as edge:
        replace_list(edge, allowlist)
        program, epoch, serial = program_of(edge), edge.store.epoch, edge.list.state.local.serial
    lose(place)
    with place.edge() as edge:
        assert program_of(edge) == program
        assert is_live(edge, allowlist)
        assert (edge.store.epoch, edge.list.state.local.serial) == (epoch, serial), "the kernel says where it stands"
    with place.edge() as edge:
        assert is_live(edge, allowlist)


def test_a_lost_disk_costs_no_policy(used: Place) -> None:
    with used.edge() as edge:
        set_policies(edge, {"esp": {"mode": "enforce", "share": 30}})
    lose(used)
    for damage in (None, "program", None):
        if damage:
            (used.live / damage).unlink()  # and now the kernel's part is lost as well
        with used.edge() as edge:
            esp = policies_of(edge)["esp"]
            assert (esp.mode, esp.share) == ("enforce", 30)


def test_with_disk_and_kernel_lost_nothing_is_dropped(used: Place) -> None:
    with used.edge() as edge:
        set_policies(edge, {"esp": {"mode": "enforce", "share": 100}})
    lose(used)
    used.remove()
    with used.edge() as edge:
        assert {policy.mode for policy in policies_of(edge).values()} == {"monitor"}
        assert is_live(edge, Allowlist.empty())


def test_a_spoilt_database_is_taken_for_a_lost_disk(used: Place) -> None:
    with used.edge() as edge:
        serial = edge.list.state.local.serial
    used.database.write_bytes(b"spoilt " * 5000)
    with used.edge() as edge:
        assert is_live(edge, listed())
        assert edge.list.state.local.serial == serial


@pytest.mark.parametrize("has_kernel", [True, False])
def test_a_damaged_snapshot_gives_way(place: Place, has_kernel: bool) -> None:
    with place.edge() as edge:
        replace_list(edge, hosts(MANY))
        replace_list(edge, hosts(2 * MANY))
        last = edge.list.state.local.serial
    place.sql("UPDATE snapshot SET body = zeroblob(length(body)) WHERE serial = ?", last)
    if not has_kernel:
        place.remove()
    then = (last, hosts(2 * MANY)) if has_kernel else (last + 1, hosts(MANY))  # the one before, and no serial twice
    for _ in range(2):
        with place.edge() as edge:
            assert edge.list.state.local.serial == then[0]
            assert is_live(edge, then[1])


@pytest.mark.parametrize("has_kernel", [True, False])
def test_a_damaged_change_ends_what_is_replayed(used: Place, has_kernel: bool) -> None:
    added = [f"203.0.113.{last}" for last in (5, 6, 7)]
    with used.edge() as edge:
        for prefix in added:
            change_list(edge, listed([prefix]), Allowlist.empty())
        serial = edge.list.state.local.serial
    used.sql("UPDATE change SET added = zeroblob(4) WHERE serial = ?", serial - 1)
    if not has_kernel:
        used.remove()
    with used.edge() as edge:
        assert is_live(edge, listed([*FEW, *(added if has_kernel else added[:1])]))
        assert edge.list.state.local.serial == (serial if has_kernel else serial + 1)


def test_many_changes_are_gathered_into_a_snapshot(used: Place) -> None:
    with replace(used, changes_before_snapshot=10).edge() as edge:
        for number in range(25):
            change_list(edge, listed([f"203.0.113.{number}"]), Allowlist.empty())
            edge.sweep()
        assert edge.store.local.changes_since_snapshot() < 10
        expected = edge.list.state.union.local
    with used.edge() as edge:
        assert is_live(edge, expected)


@pytest.fixture
def tiny(tmp_path: Path, bpffs: Path) -> Iterator[tuple[Place, Path]]:
    """A place whose disk holds little."""
    with mounted(tmp_path / "disk", "tmpfs", "size=700k") as disk:
        here = place(disk, bpffs)
        yield here, disk
        here.remove()


def test_a_list_that_the_disk_has_no_room_for_only_lets_more_through(tiny: tuple[Place, Path]) -> None:
    here, _ = tiny
    with here.edge() as edge:
        replace_list(edge, listed())
        before = edge.list.state.local
        for _ in range(12):  # more often than there are slots for generations
            with pytest.raises(Refused, match="cannot be kept on disk") as refused:
                replace_list(edge, hosts(200_000))
            assert (refused.value.kind, refused.value.faults[0].mend) == ("no-room", "free space on that disk")
        assert refused.value.faults[0].where == str(here.database)
        assert edge.list.state.local == before.next, "the additions, once"
        assert is_let_through(edge, "192.0.2.1") and is_let_through(edge, "203.0.0.1")
        change_list(edge, listed(["192.0.2.99"]), Allowlist.empty())
        assert edge.list.state.local == before.next.next
    with here.edge() as edge:
        assert is_let_through(edge, "192.0.2.99") and is_let_through(edge, "192.0.2.1")
        assert edge.list.state.local == before.next.next


def test_on_a_full_disk_what_loosens_is_done_and_outlives_a_start(tiny: tuple[Place, Path]) -> None:
    here, disk = tiny
    with here.edge() as edge:
        replace_list(edge, listed())
        set_policies(edge, {"esp": {"mode": "enforce", "share": 10}, "ah": {"mode": "enforce", "share": 10}})
        program = program_of(edge)
    filling = fill(disk)
    with here.edge() as edge:
        done = change_list(edge, listed(["203.0.113.5"]), Allowlist.empty())
        assert done.not_kept and "full" in done.not_kept
        set_policies(edge, {"esp": {"mode": "monitor", "share": 100}})
        assert edge.policies.state.not_kept
        set_policies(edge, {"ah": {"mode": "enforce", "share": 5}})
        serial = edge.list.state.local.serial
    for _ in range(2):
        with here.edge() as edge:
            assert program_of(edge) == program
            refuse_everything(edge)
            edge.lease.renew()
            edge.sweep()
            assert is_live(edge, listed([*FEW, "203.0.113.5"]))
            assert edge.list.state.local.serial == serial
            assert policies_of(edge)["esp"].mode == "monitor" and policies_of(edge)["ah"].share == 5
    filling.unlink()
    with here.edge() as edge:
        edge.sweep()
        assert edge.policies.state.not_kept is None and not edge.live.not_kept
    here.remove()
    with here.edge() as edge:
        assert is_live(edge, listed([*FEW, "203.0.113.5"]))
        assert policies_of(edge)["esp"].mode == "monitor" and policies_of(edge)["ah"].share == 5


def refuse_everything(edge: Edge) -> None:
    with pytest.raises(Refused, match="cannot be kept on disk"):
        change_list(edge, Allowlist.empty(), listed(["192.0.2.1"]))
    with pytest.raises(Refused, match="cannot be kept on disk"):
        replace_list(edge, listed(FEW[:1]))
    with pytest.raises(Refused, match="cannot be kept on disk"):
        set_policies(edge, {"esp": {"mode": "enforce", "share": 99}})


def test_a_removed_pin_is_mended_on_a_full_disk(tiny: tuple[Place, Path]) -> None:
    here, disk = tiny
    with here.edge() as edge:
        replace_list(edge, listed())
        fill(disk)
        edge.live.changes_before_snapshot = 0
        shutil.rmtree(here.live)
        edge.sweep()
        assert edge.live.not_kept and is_pinned(edge)


def test_nobody_else_writes_to_the_database(used: Place) -> None:
    with used.edge(), pytest.raises(sqlite3.OperationalError, match="locked"):
        used.sql("DELETE FROM snapshot")
