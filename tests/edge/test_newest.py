"""An older disk under a newer kernel, and the other way round: the newest whole list wins, and nobody is cut."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path

import pytest

from control.allowlist.allowlist import Allowlist
from control.allowlist.entry import Entry
from control.edge.edge import Edge
from control.rollout.position import Position
from tests.edge.place import (
    FEW,
    MANY,
    Place,
    change_list,
    hosts,
    is_let_through,
    is_live,
    listed,
    live_of,
    place,
    replace_list,
)
from tests.feed.following import changed, whole

pytestmark = pytest.mark.usefixtures("copied_program")

LATER = ["203.0.113.1", "203.0.113.0/28", "2001:db8:1::1"]
NARROWED = Allowlist.from_entries([Entry(ip_network("203.0.113.77"), ("esp",))])
FEED = Position("ab" * 16, 41)


def add_few(edge: Edge) -> None:
    change_list(edge, listed(LATER), Allowlist.empty())


def add_many(edge: Edge) -> None:
    replace_list(edge, listed(FEW).with_changes(hosts(MANY), Allowlist.empty()))


def add_narrowed(edge: Edge) -> None:
    change_list(edge, NARROWED, Allowlist.empty())


def remove_one(edge: Edge) -> None:
    change_list(edge, Allowlist.empty(), listed(FEW[:1]))


def widen_noted(edge: Edge) -> None:
    change_list(edge, Allowlist.from_entries([Entry(e.prefix, ("ike",), (), "bank") for e in NARROWED.entries()]))
    change_list(edge, Allowlist.from_entries([Entry(e.prefix, (), (), "bank") for e in NARROWED.entries()]))


@pytest.mark.parametrize("change", [add_few, add_many, add_narrowed, remove_one, widen_noted])
def test_an_older_copy_of_the_disk_gives_way(used: Place, change: Callable[[Edge], None]) -> None:
    earlier = used.database.read_bytes()
    with used.edge() as edge:
        change(edge)
        state, kernel = edge.list.state, live_of(edge).read()
    used.database.write_bytes(earlier)
    for start in range(2):
        with used.edge() as edge:
            assert live_of(edge).read() == kernel
            assert (edge.list.state.local, edge.store.epoch.hex()) == (state.local, state.local.epoch)
            assert len(edge.live.found) == (1 if start == 0 else 0), "said once, and written back"
    used.remove()
    with used.edge() as edge:  # after a reboot, from what was written back
        assert live_of(edge).read() == kernel


@pytest.mark.parametrize("is_followed_later", [True, False])
def test_each_list_keeps_its_own(used: Place, is_followed_later: bool) -> None:
    feeds = hosts(3, "198.18.0.0")
    with used.edge() as edge, edge.turn() as turn:
        edge.feed.replace(turn, whole(feeds, FEED))
    earlier = used.database.read_bytes()
    more = listed(["198.18.7.7"])
    with used.edge() as edge:
        if is_followed_later:
            with edge.turn() as turn:
                edge.feed.change(turn, changed(feeds, more, listed(["198.18.0.1"]), FEED.next))
        else:
            change_list(edge, more, listed(FEW[:1]))
        state = edge.list.state
    used.database.write_bytes(earlier)
    with used.edge() as edge:
        assert (edge.list.state.local, edge.list.state.followed) == (state.local, state.followed)
        assert edge.list.state.union.local == state.union.local
        assert edge.list.state.union.followed == state.union.followed


def test_a_disk_of_another_line_cuts_nobody(used: Place, tmp_path: Path, bpffs: Path) -> None:
    other = place(tmp_path / "other", bpffs)
    with other.edge() as edge:
        replace_list(edge, listed(LATER))
    other.remove()
    shutil.copy(other.database, used.database)
    with used.edge() as edge:
        assert all(is_let_through(edge, prefix.split("/")[0]) for prefix in (*FEW, *LATER))
        assert "another line" in edge.live.found[0].why
        assert is_live(edge, edge.list.state.union.local)


def test_a_newer_disk_wins_over_an_older_kernel(used: Place) -> None:
    with used.edge() as edge:
        add_few(edge)
        live = live_of(edge)
        live.change(Allowlist.empty(), listed(LATER), replace(live.provenance, revision=1, local=1))
    with used.edge() as edge:
        assert is_let_through(edge, LATER[0]) and not edge.live.found


def test_what_the_kernel_was_left_with_in_the_middle_of_a_change_is_not_taken(used: Place) -> None:
    with used.edge() as edge:
        live_of(edge).description["moves"] = 1
        live_of(edge).description["local_serial"] = 99
    with used.edge() as edge:
        assert is_live(edge, listed())
        assert "half changed" in edge.live.found[0].why
        assert live_of(edge).is_whole
