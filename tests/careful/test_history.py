"""What was changed here is known, and the way back is open: by one store where the kernel holds it, else by disk."""

from collections.abc import Callable

import pytest

from control.commands.history import CompareRevisions, ReadHistory, ShowRevision
from control.config.guard import GuardSettings
from control.edge.commands import history
from control.edge.edge import Edge
from control.fault import Kind, Refused
from control.rollout.change import NONE
from control.rollout.position import Position
from lab.limits import UNLIMITED
from tests.careful.guarded import change, guarded, items, push, release, roll_back, ten, texts
from tests.edge.place import MANY, Place, hosts, is_let_through, listed, sql
from tests.feed.following import changed, is_whole, whole

NEW = "198.51.100.7"
BIG = hosts(MANY)


@pytest.fixture
def place(place: Place) -> Place:
    return Place(guarded(place.config, UNLIMITED))


def revision(edge: Edge) -> int:
    return edge.list.state.revision


def test_who_did_what_by_which_door(place: Place) -> None:
    with place.edge() as edge:
        push(edge, ten())
        change(edge, listed([NEW]), ten().difference(ten(1)))
        last, first, *_ = history.read(edge, ReadHistory(), b"").revisions
        assert (last.revision, last.list, last.door, last.who, last.reason) == (
            3,
            "local",
            "api",
            "token anna",
            "a test",
        )
        assert (last.added, last.removed, last.cut, last.in_use, last.held) == (1, 1, 1, 0, 0)
        assert (first.revision, first.added, first.count) == (2, 10, 10)
        shown = history.show(edge, ShowRevision(revision=3), b"")
        assert (shown.added, shown.removed, shown.is_known) == ([NEW], ["192.0.2.1"], True)
        between = history.compare(edge, CompareRevisions(one=3, other=2), b"")
        assert (between.adds, between.removes) == (["192.0.2.1"], [NEW])


WAYS: dict[str, Callable[[Edge], object]] = {
    "an entry added": lambda edge: change(edge, listed([NEW])),
    "an entry removed": lambda edge: change(edge, NONE, ten().difference(ten(1))),
    "another list": lambda edge: push(edge, ten(1, 2, 3).with_changes(listed([NEW]), NONE)),
    "a long list": lambda edge: push(edge, BIG),
    "emptied": lambda edge: push(edge, NONE, allow_empty=True),
    "twice": lambda edge: (push(edge, BIG), push(edge, listed([NEW]))),
    "back and forth": lambda edge: (push(edge, BIG), push(edge, ten()), change(edge, listed([NEW]))),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("restarted", [False, True], ids=["", "restarted"])
def test_there_is_a_way_back_from(place: Place, way: str, restarted: bool) -> None:
    with place.edge() as edge:
        push(edge, ten())
        then = revision(edge)
        WAYS[way](edge)
        if not restarted:
            assert roll_back(edge, then).held is None
            assert edge.list.state.union.local == ten()
            assert is_whole(edge)
    with place.edge() as edge:
        roll_back(edge, then)
        assert edge.list.state.union.local == ten()
        assert is_whole(edge)
    with place.edge() as edge:
        assert (edge.list.state.union.local, edge.live.found) == (ten(), [])


def test_what_the_kernel_holds_is_taken_up_as_it_is(place: Place) -> None:
    """The same maps go live again: nothing is built, so that it takes one store whatever the list is big."""
    with place.edge() as edge:
        push(edge, BIG)
        held = edge.datapath.lists.live
        push(edge, ten())
        assert edge.datapath.lists.live is not held
        roll_back(edge, 2)
        assert edge.datapath.lists.live is held
        assert (edge.list.state.union.local, revision(edge)) == (BIG, 4)
        assert is_whole(edge)


def test_a_rollback_that_cuts_is_judged_as_by_any_other_door(place: Place) -> None:
    with Place(guarded(place.config, GuardSettings())).edge() as edge:
        push(edge, ten())
        push(edge, listed([f"198.51.100.{number}" for number in range(20)]), override=True)
        done = roll_back(edge, 2)
        assert (done.added, done.removed) == (10, 0)
        assert done.why_held == ["20 of 20 entries would be cut; guard.share allows 5 %"]
        assert all(is_let_through(edge, address) for address in ("192.0.2.1", "198.51.100.1"))
        assert release(edge, done.held).done
        assert edge.list.state.union.local == ten()
        dry = roll_back(edge, 3, dry_run=True)
        assert (dry.live, dry.added, bool(dry.why_held)) == (False, 20, True)
        assert edge.list.state.union.local == ten()


def test_what_the_feed_added_stays_and_what_it_took_away_comes_back(place: Place) -> None:
    ours = Position("a" * 32, 1)
    with place.edge() as edge, edge.turn() as turn:
        edge.feed.replace(turn, whole(ten(), ours))
        then = revision(edge)
    with place.edge() as edge:
        with edge.turn() as turn:
            edge.feed.replace(turn, whole(ten(), ours))
            edge.feed.change(turn, changed(ten(), listed([NEW]), ten().difference(ten(1, 2)), ours.next))
        push(edge, listed(["203.0.113.1"]))
        roll_back(edge, then)
        assert texts(edge.list.state.union.whole()) == {*texts(ten()), NEW}
        assert not len(edge.list.state.union.local)
        assert [(item.id, item.count) for item in items(edge)] == [("feed", 2)]
        assert is_whole(edge)


def test_what_is_not_known_any_more_is_said(place: Place) -> None:
    with place.edge() as edge:
        for number in range(3):
            push(edge, ten(number))
    sql(place.database, "UPDATE revision SET was = x'00' WHERE revision = 3")
    with place.edge() as edge:
        assert not history.show(edge, ShowRevision(revision=3), b"").is_known
        roll_back(edge, 3)
        assert edge.list.state.union.local == ten(1)
        for missing in (2, 1, 99, -1):
            with pytest.raises(Refused) as refused:
                roll_back(edge, missing)
            assert refused.value.kind == Kind.NOT_FOUND
        assert edge.list.state.union.local == ten(1)
