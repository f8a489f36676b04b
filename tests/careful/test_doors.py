"""A list that leaves out a third, by each door: held, its additions live, released by a second person, rolled back."""

import shutil
from pathlib import Path

import pytest

from control.allowlist.allowlist import Allowlist
from control.commands.held import FEED
from control.config.guard import GuardSettings
from control.edge.edge import Edge
from control.feed.feed import Delta
from control.rollout.change import NONE
from control.rollout.position import Position
from tests.careful.guarded import drop, guarded, items, push, release, roll_back, ten, texts, would_cut
from tests.edge.place import Place, is_let_through, listed
from tests.feed.following import changed, is_whole, whole

NEW = "198.51.100.7"
OURS = Position("a" * 32, 1)


@pytest.fixture
def two(place: Place) -> Place:
    """A place where it takes two persons to cut more than the limits allow."""
    return Place(guarded(place.config, GuardSettings(persons=2)))


def follow(edge: Edge, entries: Allowlist, position: Position, *, goes_on: bool = True) -> None:
    """Take the feed's whole list."""
    with edge.turn() as turn:
        edge.feed.replace(turn, whole(entries, position, goes_on=goes_on))


def take(edge: Edge, delta: Delta) -> None:
    """Take a change of the feed's."""
    with edge.turn() as turn:
        edge.feed.change(turn, delta)


SHORT = ten(1, 2, 3).with_changes(listed([NEW]), NONE)


def demand_held(edge: Edge) -> None:
    """Hold that nobody is cut, and that what is new is live."""
    assert all(is_let_through(edge, address) for address in (*texts(ten()), NEW))
    assert is_whole(edge)


@pytest.mark.parametrize("door", ["change", "whole list", "another line"])
def test_the_feed(two: Place, door: str) -> None:
    with two.edge() as edge:
        follow(edge, ten(), OURS)
        match door:
            case "change":
                take(edge, changed(ten(), listed([NEW]), ten().difference(ten(1, 2, 3)), OURS.next))
            case "whole list":
                follow(edge, SHORT, OURS.next)
            case "another line":
                follow(edge, SHORT, Position("b" * 32, 1), goes_on=False)
        demand_held(edge)
        [item] = items(edge)
        assert (item.id, item.count, item.door, item.agreed) == (FEED, 3, "feed", [])
        assert would_cut(edge, FEED) == ["192.0.2.1", "192.0.2.2", "192.0.2.3"]
        assert edge.feed.line.entries == SHORT
        assert not release(edge, FEED, "anna").done
        assert not release(edge, FEED, "anna").done
        demand_held(edge)
        assert release(edge, FEED, "bela").done
        assert edge.list.state.union.whole() == SHORT
        done = roll_back(edge, edge.list.state.revision - 1)
        assert (done.added, done.removed) == (3, 0)
        demand_held(edge)
        assert [item.id for item in items(edge)] == [FEED]


def test_the_feeds_serial_goes_on_while_its_removals_are_held(two: Place) -> None:
    with two.edge() as edge:
        follow(edge, ten(), OURS)
        take(edge, changed(ten(), NONE, ten().difference(ten(1, 2, 3)), OURS.next))
        take(edge, changed(ten(1, 2, 3), listed([NEW]), NONE, OURS.next.next))
        assert (edge.list.state.followed, edge.feed.held) == (OURS.next.next, 3)
        demand_held(edge)
        take(edge, changed(SHORT, ten().difference(ten(1)), NONE, OURS.next.next.next))
        assert would_cut(edge, FEED) == ["192.0.2.2", "192.0.2.3"]


def test_what_the_feed_lacks_can_be_kept_as_the_edges_own(two: Place) -> None:
    with two.edge() as edge:
        follow(edge, ten(), OURS)
        follow(edge, SHORT, OURS.next)
        drop(edge, FEED)
        assert not items(edge)
        assert edge.list.state.union.local == ten().difference(ten(1, 2, 3))
        assert edge.list.state.union.followed == SHORT
        demand_held(edge)


def test_the_start(two: Place, tmp_path: Path) -> None:
    """A newer list on disk than the kernel's, which leaves out a third: of another machine, say, or by hand."""
    with two.edge() as edge:
        push(edge, ten())
    held = shutil.copytree(two.config.state_dir, tmp_path / "held")
    with two.edge() as edge:
        push(edge, SHORT)
        assert release(edge, "1", "bela").done
    other = shutil.copytree(two.config.state_dir, tmp_path / "other")
    for copy in (held, other):
        shutil.rmtree(two.config.state_dir)
        shutil.copytree(copy, two.config.state_dir)
        if copy is held:  # the kernel goes back to that list first
            two.remove()
            with two.edge() as edge:
                assert edge.list.state.union.local == ten()
    with two.edge() as edge:
        assert all(is_let_through(edge, address) for address in texts(ten()))
        [item] = items(edge)
        assert (item.door, item.count) == ("start", 3)
        assert release(edge, item.id, "anna").done is False
        assert release(edge, item.id, "bela").done
        assert edge.list.state.union.local == SHORT
        assert is_whole(edge)
    with two.edge() as edge:
        assert edge.list.state.union.local == SHORT
        assert not items(edge)
