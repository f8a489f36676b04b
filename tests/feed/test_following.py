"""An edge that follows the registry: what either list has is let through, whatever becomes of the registry."""

import dataclasses
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from ipaddress import ip_network
from typing import Literal

import pytest

from control.allowlist.allowlist import Allowlist
from control.allowlist.digest import Digest
from control.commands.packets import CheckAddress
from control.edge.commands.packets import check
from control.edge.edge import Edge
from control.fault import Fault, Kind, Refused
from control.feed.database import MOST_CHANGES, RegistryFeed
from control.feed.feed import Delta, Snapshot
from control.registry.publication import edges
from control.rollout.change import SMALL
from control.rollout.position import Position
from tests.edge.place import Place, change_list, hosts, listed, replace_list
from tests.feed.conftest import Registry
from tests.feed.following import NAME, following, held, is_whole, lag, let_through, release, status, trouble, until

pytestmark = pytest.mark.usefixtures("copied_program")

NOTHING = Allowlist.empty()


def sources(edge: Edge, address: str) -> str:
    """Which lists have an address, as the agent says."""
    return " ".join(check(edge, CheckAddress(address=address), b"").sources)


def test_what_is_registered_goes_live_beside_the_local_list(place: Place, registry: Registry) -> None:
    with following(place, registry.url) as edge:
        until(lambda: let_through(edge, "10.0.0.1") == [True] and is_whole(edge))
        assert let_through(edge, "192.0.2.1", "10.0.0.2", "10.0.0.3") == [True, True, False]
        registry.register("10.0.0.3", {"prefix": "10.0.4.0/24", "protocols": ["wireguard"]})
        until(lambda: let_through(edge, "10.0.0.3", "10.0.4.9") == [True, True] and is_whole(edge))
        assert is_whole(edge)
        said = status(edge)
        assert (said.count, said.feed and said.feed.count, said.live.count) == (2, 4, 5)
        assert (said.feed and said.feed.serial, trouble(edge)) == (2, "")


def test_what_one_list_loses_the_other_keeps(place: Place, registry: Registry) -> None:
    with following(place, registry.url) as edge:
        until(lambda: let_through(edge, "10.0.0.1") == [True] and is_whole(edge))
        assert [sources(edge, each) for each in ("192.0.2.1", "10.0.0.2", "10.0.0.1")] == [
            "local",
            "local feed",
            "feed",
        ]
        registry.revoke("10.0.0.1", "10.0.0.2")
        until(lambda: let_through(edge, "10.0.0.1") == [False] and is_whole(edge))
        assert let_through(edge, "10.0.0.2") == [True], "the local list has it"
        registry.register("10.0.0.2")
        until(lambda: sources(edge, "10.0.0.2") == "local feed")
        dry = change_list(edge, NOTHING, listed(["10.0.0.2"]), dry_run=True)
        assert (dry.removed, dry.removed_in_use) == (1, 0)
        change_list(edge, NOTHING, listed(["10.0.0.2"]))
        assert (sources(edge, "10.0.0.2"), let_through(edge, "10.0.0.2")) == ("feed", [True])
        replace_list(edge, NOTHING, allow_empty=True)
        assert let_through(edge, "192.0.2.1", "10.0.0.2") == [False, True]
        assert is_whole(edge)


def test_it_starts_with_what_it_had_when_the_registry_is_gone(place: Place, registry: Registry) -> None:
    with following(place, registry.url) as edge:
        until(lambda: let_through(edge, "10.0.0.1") == [True] and is_whole(edge))
        until(lambda: edge.store.followed.complete_at)
        change_list(edge, listed(["192.0.2.2"]), NOTHING)
        position = edge.list.state.followed
    with following(place, "sqlite:////nowhere/registry.db") as edge:
        assert let_through(edge, "192.0.2.1", "192.0.2.2", "10.0.0.1", "10.0.0.2") == [True] * 4
        assert edge.list.state.followed == position
        until(lambda: trouble(edge))
        assert "no such file" in trouble(edge)
        behind = lag(edge)
        until(lambda: lag(edge) > behind + 0.3)
        assert is_whole(edge)
    with place.edge() as edge:
        assert let_through(edge, "10.0.0.1") == [True], "without a feed, what was followed last stays"
        feed = status(edge).feed
        assert feed is not None and feed.contact is None
    registry.register("10.0.0.4")
    with following(place, registry.url) as edge:
        until(lambda: let_through(edge, "10.0.0.4") == [True] and is_whole(edge))
        until(lambda: lag(edge) < 0.5)


def test_another_epoch_starts_anew(place: Place, registry: Registry, new_registry: Callable[[], Registry]) -> None:
    registry.register("10.0.0.3")
    with following(place, registry.url) as edge:
        until(lambda: let_through(edge, "10.0.0.3") == [True] and is_whole(edge))
        number = edge.list.state.revision
    other = new_registry()
    with following(place, other.url) as edge:
        until(lambda: "empty" in trouble(edge))
        assert let_through(edge, "10.0.0.1", "10.0.0.3") == [True, True], "an empty registry cuts nobody"
        other.register("10.0.0.3", "10.0.0.9")
        asked = ("10.0.0.9", "10.0.0.1", "10.0.0.3", "192.0.2.1")
        until(lambda: let_through(edge, *asked) == [True] * 4 and is_whole(edge) and edge.feed.is_heard)
        assert (edge.list.state.followed.serial, edge.list.state.revision > number) == (1, True)
        assert held(edge) == {"10.0.0.1"}, "the local list has 10.0.0.2"
        release(edge)
        assert let_through(edge, *asked) == [True, False, True, True]
        assert (held(edge), is_whole(edge)) == (set(), True)
        until(lambda: not trouble(edge))


class Garbled(RegistryFeed):
    """A registry whose answers are damaged on the way, as long as it is told to."""

    changes_too, snapshots_too = True, False

    def deltas(self, since: Position, digest: Digest) -> Sequence[Delta] | Literal["reset"]:
        found = super().deltas(since, digest)
        if found == "reset" or not self.changes_too:
            return found
        return [dataclasses.replace(each, added=listed(["10.66.66.66"])) for each in found]

    def snapshot(self, since: Position, digest: Digest) -> Snapshot:
        found = super().snapshot(since, digest)
        return dataclasses.replace(found, entries=listed(["10.66.66.66"])) if self.snapshots_too else found


def test_a_change_that_is_not_whole_is_refused_and_the_whole_list_asked_for(place: Place, registry: Registry) -> None:
    feed = Garbled(registry.url, NAME)
    with following(place, feed) as edge:
        until(lambda: let_through(edge, "10.0.0.1") == [True] and is_whole(edge))
        registry.register("10.0.0.3")
        until(lambda: let_through(edge, "10.0.0.3") == [True] and is_whole(edge))
        assert let_through(edge, "10.66.66.66") == [False]
        feed.snapshots_too = True
        registry.register("10.0.0.4")
        until(lambda: "entries" in trouble(edge) or "SHA-256" in trouble(edge))
        assert let_through(edge, "10.0.0.1", "10.0.0.3", "10.0.0.4", "10.66.66.66") == [True, True, False, False]
        feed.changes_too = feed.snapshots_too = False
        until(lambda: let_through(edge, "10.0.0.4") == [True] and is_whole(edge))
        until(lambda: not trouble(edge))


def test_a_count_that_is_not_the_lists_is_refused(place: Place, registry: Registry) -> None:
    with following(place, registry.url) as edge:
        until(lambda: let_through(edge, "10.0.0.1") == [True] and is_whole(edge))
        registry.sql("UPDATE ledger SET count = count + 5")
        registry.register("10.0.0.3")
        until(lambda: "entries" in trouble(edge))
        assert let_through(edge, "10.0.0.1", "10.0.0.3") == [True, True], "what is added never waits"
        assert edge.feed.line.position.serial == 1, "and it does not say that it has what is not whole"
        registry.sql("UPDATE ledger SET count = count - 5")
        registry.sql("UPDATE publication SET count = count - 5 WHERE serial = 2")
        until(lambda: not trouble(edge) and edge.list.state.followed.serial == 2)
        assert (is_whole(edge), held(edge)) == (True, set())


@pytest.mark.parametrize("databases", ["postgresql"], indirect=True)
def test_a_connection_that_is_cut_is_made_again(place: Place, registry: Registry) -> None:
    with following(place, registry.url) as edge:
        until(lambda: let_through(edge, "10.0.0.1") == [True] and is_whole(edge))
        others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
        registry.sql(f"{others} AND datname = current_database()")
        registry.register("10.0.0.3")
        until(lambda: let_through(edge, "10.0.0.3") == [True] and is_whole(edge))
        until(lambda: not trouble(edge))


def test_damage_on_the_edges_disk_cuts_nobody(place: Place, registry: Registry) -> None:
    with following(place, registry.url) as edge:
        until(lambda: let_through(edge, "10.0.0.1") == [True] and is_whole(edge))
    place.sql("UPDATE followed_snapshot SET body = x'00'")
    with following(place, "sqlite:////nowhere/registry.db") as edge:
        assert let_through(edge, "10.0.0.1", "10.0.0.2", "192.0.2.1") == [True] * 3
        assert edge.live.found
    with following(place, registry.url) as edge:
        until(lambda: edge.list.state.followed.serial == 1)
        assert len(edge.list.state.union.followed) == 2, "the feed has said what is right"
        assert is_whole(edge)


def test_a_serial_of_many_entries_goes_live_as_a_generation(place: Place, registry: Registry) -> None:
    many = hosts(SMALL + 1, "10.1.0.0")
    with following(place, registry.url) as edge:
        until(lambda: let_through(edge, "10.0.0.1") == [True] and is_whole(edge))
        registry.register_many([entry.text for entry in many.entries()])
        until(lambda: edge.list.state.followed.serial == 2)
        assert let_through(edge, "10.1.0.0", "10.1.7.208", "10.0.0.1") == [True, True, True]
        change_list(edge, listed(["10.1.0.7", "192.0.2.9"]), NOTHING)
        assert is_whole(edge)
    with place.edge() as edge:
        assert is_whole(edge)


def test_far_behind_it_takes_the_whole_list(place: Place, registry: Registry) -> None:
    feed = RegistryFeed(registry.url, NAME)
    empty = Digest()
    position = feed.snapshot(Position(), empty).position
    start = Position(position.epoch, 0)
    assert feed.deltas(start, empty) != "reset"
    assert feed.deltas(Position("00" * 16, 0), empty) == feed.deltas(Position(position.epoch, 9), empty) == "reset"
    registry.sql(f"UPDATE ledger SET serial = serial + {MOST_CHANGES}")
    assert feed.deltas(start, empty) == "reset"
    assert feed.snapshot(start, empty).goes_on
    feed.close()


def test_the_registry_knows_when_the_edge_had_what(place: Place, registry: Registry) -> None:
    prefix = ip_network("10.0.0.1/32")
    before = datetime.now(UTC)
    with following(place, registry.url) as edge:
        until(lambda: let_through(edge, "10.0.0.1") == [True] and is_whole(edge))
        until(lambda: edge.contact and edge.contact.complete_at and not edge.contact.unacknowledged)
        time.sleep(0.05)
        noon = datetime.now(UTC)
        registry.revoke("10.0.0.1")
        until(lambda: let_through(edge, "10.0.0.1") == [False] and is_whole(edge))
    after = datetime.now(UTC)
    with registry.database.reading() as session:
        assert edges.standing(session, NAME, prefix, before).serial is None
        at_noon, later = (edges.standing(session, NAME, prefix, each) for each in (noon, after))
        assert (at_noon.serial, [each.registration_id for each in at_noon.listings]) == (1, [registry.ids["10.0.0.1"]])
        assert (later.serial, list(later.listings)) == (2, [])
        had = edges.applied_from(session, 2)
        assert list(had) == [NAME]
        assert noon < had[NAME] < after
        assert edges.applied_from(session, 3) == {}


class Cut(RegistryFeed):
    """A registry that cannot be reached as long as it is told so."""

    is_cut = False

    def deltas(self, since: Position, digest: Digest) -> Sequence[Delta] | Literal["reset"]:
        if self.is_cut:
            raise Refused(Kind.UNAVAILABLE, "The feed cannot be reached", [Fault("feed", "it is cut off", "wait")])
        return super().deltas(since, digest)


def test_a_registry_that_lost_what_it_was_told_is_told_again(place: Place, registry: Registry) -> None:
    def had() -> dict[str, datetime]:
        with registry.database.reading() as session:
            return edges.applied_from(session, 1)

    feed = Cut(registry.url, NAME)
    with following(place, feed) as edge:
        until(had)
        first = had()
        feed.is_cut = True
        until(lambda: trouble(edge))
        registry.sql("DELETE FROM edge_ack")
        assert not had()
        feed.is_cut = False
        until(had)
        assert had() == first, "the time is that of the first report"
