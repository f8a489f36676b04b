"""The guard: what would cut too much is held, what it adds is live, and people decide."""

import time
from ipaddress import ip_network

import pytest

from control.allowlist.allowlist import Allowlist
from control.allowlist.entry import Entry
from control.config.guard import GuardSettings
from control.fault import Kind, Refused
from control.rollout.change import NONE
from tests.careful.guarded import (
    ANNA,
    change,
    drop,
    guarded,
    items,
    push,
    release,
    roll_back,
    ten,
    texts,
    would_cut,
)
from tests.edge.place import Place, hosts, is_let_through, listed, sql
from tests.feed.following import is_whole

NEW = "198.51.100.7"
TWO_PERSONS = GuardSettings(persons=2)


def test_a_list_that_leaves_out_a_third_is_held_and_what_it_adds_is_live(place: Place) -> None:
    with place.edge() as edge:
        push(edge, ten())
        short = ten(1, 2, 3).with_changes(listed([NEW]), NONE)
        answer = push(edge, short)
        assert (answer.added, answer.removed, answer.count) == (1, 0, 11)
        assert answer.why_held == ["3 of 10 entries would be cut; guard.share allows 5 %"]
        assert answer.cut and {entry.prefix for entry in answer.cut.entries} == texts(ten().difference(ten(1, 2, 3)))
        assert is_let_through(edge, NEW) and is_let_through(edge, "192.0.2.1")
        [item] = items(edge)
        assert (item.id, item.count, item.persons, item.agreed) == (answer.held, 3, 1, ["anna"])
        assert release(edge, answer.held).done
        assert not items(edge)
        assert edge.list.state.union.local == short
        assert not is_let_through(edge, "192.0.2.1")
        assert is_whole(edge)


def test_it_takes_a_second_person_where_that_is_so_configured(place: Place) -> None:
    two = Place(guarded(place.config, TWO_PERSONS))
    with two.edge() as edge:
        push(edge, ten())
        answer = push(edge, ten(1, 2, 3))
        assert not release(edge, answer.held, "anna").done
        assert is_let_through(edge, "192.0.2.1")
    with two.edge() as edge:
        [item] = items(edge)
        assert (item.persons, item.agreed) == (2, ["anna"])
        decided = release(edge, answer.held, "bela")
        assert (decided.done, decided.agreed) == (True, ["anna", "bela"])
        assert edge.list.state.union.local == ten(1, 2, 3)
        with pytest.raises(Refused) as refused:
            push(edge, listed([NEW]), override=True)
        assert refused.value.kind == Kind.FORBIDDEN
        assert is_let_through(edge, "192.0.2.9")


def test_one_person_can_override_where_it_takes_one(place: Place) -> None:
    with place.edge() as edge:
        push(edge, ten())
        answer = push(edge, ten(1, 2, 3), override=True)
        assert (answer.held, answer.removed) == (None, 3)
        assert edge.past.last(1)[0].consent == "overridden"


def test_a_dry_run_says_what_would_be_held(place: Place) -> None:
    with place.edge() as edge:
        push(edge, ten())
        answer = push(edge, ten(1, 2, 3), dry_run=True)
        assert (answer.held, answer.live, len(answer.why_held)) == (None, False, 1)
        assert not items(edge)
        assert edge.list.state.union.local == ten()


def test_the_next_whole_list_takes_the_place_of_what_is_held(place: Place) -> None:
    with place.edge() as edge:
        push(edge, ten())
        first = push(edge, ten(1, 2, 3))
        again = push(edge, ten(1, 2, 3))
        assert (again.held, len(items(edge))) == (first.held, 1)
        other = push(edge, ten(4, 5, 6))
        assert would_cut(edge, other.held) == ["192.0.2.4", "192.0.2.5", "192.0.2.6"]
        assert [item.id for item in items(edge)] == [other.held]
        push(edge, ten())
        assert not items(edge)


def test_what_somebody_adds_is_not_removed_by_what_was_held_before(place: Place) -> None:
    with place.edge() as edge:
        push(edge, ten())
        answer = push(edge, ten(1, 2, 3))
        change(edge, listed(["192.0.2.2"]))
        assert would_cut(edge, answer.held) == ["192.0.2.1", "192.0.2.3"]
        release(edge, answer.held)
        assert edge.list.state.union.local == ten(1, 3)


def test_what_is_dropped_stays_live(place: Place) -> None:
    with place.edge() as edge:
        push(edge, ten())
        answer = push(edge, ten(1, 2, 3))
        drop(edge, answer.held)
        assert edge.list.state.union.local == ten()
        with pytest.raises(Refused) as refused:
            release(edge, answer.held)
        assert refused.value.kind == Kind.NOT_FOUND


def test_narrower_terms_are_held_and_released_as_they_were_asked_for(place: Place) -> None:
    narrow = Allowlist.from_entries(Entry(ip_network(f"192.0.2.{number}"), ("wireguard",)) for number in range(1, 4))
    with place.edge() as edge:
        push(edge, ten())
        answer = change(edge, narrow)
        assert answer.held
        assert edge.list.state.union.local == ten()
        release(edge, answer.held)
        assert edge.list.state.union.local == ten().with_changes(narrow, NONE)
        assert is_whole(edge)


def test_small_cuts_sum_up_over_a_day_whatever_the_wall_clock_says(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    with place.edge() as edge:
        push(edge, ten())
        for number in range(1, 6):
            assert not change(edge, NONE, ten().difference(ten(number))).held
        monkeypatch.setattr(time, "time", lambda: 5_000_000_000.0)
        answer = change(edge, NONE, ten().difference(ten(6)))
        assert answer.why_held == ["6 of 10 entries would be cut within a day; guard.share_a_day allows 10 %"]
    with place.edge() as edge:
        assert change(edge, NONE, ten().difference(ten(7))).held


def test_emptying_a_list_is_held_however_short_it_is(place: Place) -> None:
    with place.edge() as edge:
        push(edge, listed(["192.0.2.1", "192.0.2.2"]))
        assert push(edge, NONE, allow_empty=True).held
        assert is_let_through(edge, "192.0.2.1")


def test_what_another_list_or_a_wider_prefix_allows_is_not_cut(place: Place) -> None:
    with place.edge() as edge:
        push(edge, ten())
        answer = push(edge, listed(["192.0.2.0/24"]))
        assert (answer.held, answer.cut, answer.removed) == (None, None, 10)
        assert is_let_through(edge, "192.0.2.1")


@pytest.mark.parametrize("protected", ["192.0.2.4", "192.0.2.4/31", "192.0.0.0/16"])
def test_nobody_cuts_alone_what_is_protected(place: Place, protected: str) -> None:
    with Place(guarded(place.config, GuardSettings(protected=(protected,)))).edge() as edge:
        push(edge, ten())
        answer = change(edge, NONE, listed(["192.0.2.4"]))
        assert answer.why_held == ["192.0.2.4 is protected: it takes two persons"]
        assert not release(edge, answer.held, "anna").done
        assert release(edge, answer.held, "bela").done
        assert not is_let_through(edge, "192.0.2.4")


def test_what_is_held_and_damaged_on_disk_is_dropped_and_said(place: Place) -> None:
    with place.edge() as edge:
        push(edge, ten())
        push(edge, ten(1, 2, 3))
    sql(place.database, "UPDATE holding SET removed = x'00'")
    with place.edge() as edge:
        assert not items(edge)
        assert edge.list.state.union.local == ten()
        assert any("holding" in fault.where for fault in edge.live.found)
        assert push(edge, ten(1, 2, 3)).held == "2", "no number comes twice"


def test_a_removal_of_what_is_not_there_says_so(place: Place) -> None:
    with place.edge() as edge:
        push(edge, ten())
        answer = change(edge, NONE, listed([NEW, "192.0.2.0/29"]))
        assert answer.warnings == [
            f"not on the local list: 192.0.2.0/29, {NEW}",
            "entries inside 192.0.2.0/29 stay: "
            "192.0.2.1, 192.0.2.2, 192.0.2.3, 192.0.2.4, 192.0.2.5, 192.0.2.6, 192.0.2.7",
        ]


def test_a_long_list_is_held_by_number_and_share(place: Place) -> None:
    long = hosts(600_000)
    with place.edge() as edge:
        push(edge, long)
        by_share = push(edge, Allowlist(long.columns.take(slice(0, 500_000))))
        assert by_share.why_held == [
            "100,000 entries would be cut; guard.entries allows 20,000",
            "100,000 of 600,000 entries would be cut; guard.share allows 5 %",
        ]
        assert not push(edge, Allowlist(long.columns.take(slice(0, 590_000)))).held
        done = roll_back(edge, 2)
        assert (done.added, done.held, edge.list.state.union.local == long) == (10_000, None, True)
        assert ANNA.person == "anna"
