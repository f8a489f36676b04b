"""From a packet to the answer who would be cut: marks, sweeps and dry runs."""

import time
from collections.abc import Callable, Iterator
from ipaddress import ip_address

import pytest

from control.allowlist.allowlist import Allowlist
from control.datapath.probe.frames import frame
from control.edge.edge import Edge
from control.edge.seen import LastSeen
from control.edge.usage import IN_USE, KEPT_EVERY
from lab.waiting import wait_for
from tests.edge.place import FEW, Place, change_list, hosts, lease_left, listed, replace_list
from tests.edge.wired import Wired

pytestmark = pytest.mark.usefixtures("copied_program")

NOBODY4, NOBODY6 = ip_address("192.0.2.200"), ip_address("2001:db8:99::1")
DAY = 24 * 3600.0


@pytest.fixture
def edge(wire: Wired) -> Iterator[Edge]:
    with wire.edge() as edge:
        replace_list(edge, listed())
        wire.attach(edge)
        yield edge


def counted(edge: Edge) -> int:
    return sum(count.packets for count in edge.datapath.controls.counts())


def talk(wire: Wired, edge: Edge, *addresses: str) -> None:
    """Send a WireGuard handshake to each address, and sweep."""
    expected = counted(edge) + len(addresses)
    for text in addresses:
        address = ip_address(text)
        source = NOBODY4 if address.version == 4 else NOBODY6
        wire.send([frame("wireguard", source, address, None)])
    wait_for(lambda: counted(edge) >= expected, "what was sent is seen")
    edge.sweep()


def would_cut(edge: Edge, remaining: Allowlist) -> list[str]:
    answer = replace_list(edge, remaining, dry_run=True, allow_empty=True)
    assert not answer.live and answer.removed_in_use == len(answer.in_use)
    named: list[str] = answer.in_use
    return named


def test_a_dry_run_names_the_removed_that_have_traffic(wire: Wired, edge: Edge) -> None:
    before = edge.list.state.local
    assert would_cut(edge, Allowlist.empty()) == []
    talk(wire, edge, "198.51.100.44")
    assert would_cut(edge, Allowlist.empty()) == ["198.51.100.0/24"]
    talk(wire, edge, "192.0.2.1", "2001:db8::7")
    assert sorted(would_cut(edge, Allowlist.empty())) == sorted(FEW)
    assert would_cut(edge, listed(["192.0.2.1"])) == ["198.51.100.0/24", "2001:db8::/48"]
    assert would_cut(edge, listed()) == []
    assert edge.list.state.local == before and edge.list.state.union.local == listed()


def test_a_removal_says_the_same(wire: Wired, edge: Edge) -> None:
    talk(wire, edge, "192.0.2.1")
    both = listed(["192.0.2.1", "2001:db8::/48"])
    rehearsed = change_list(edge, Allowlist.empty(), both, dry_run=True)
    done = change_list(edge, Allowlist.empty(), both)
    for answer in (rehearsed, done):
        assert (answer.removed, answer.removed_in_use, answer.in_use) == (2, 1, ["192.0.2.1"])


def test_traffic_of_others_leaves_no_trace(wire: Wired, edge: Edge) -> None:
    talk(wire, edge, "203.0.113.77")
    assert would_cut(edge, Allowlist.empty()) == []


def test_what_was_seen_survives_a_replacement(wire: Wired, edge: Edge) -> None:
    talk(wire, edge, "192.0.2.1", "198.51.100.4")
    replace_list(edge, listed().with_changes(hosts(5000), Allowlist.empty()))
    assert would_cut(edge, hosts(5000)) == ["192.0.2.1", "198.51.100.0/24"]


def test_marks_that_no_sweep_has_taken_are_not_lost_with_the_agent(wire: Wired, place: Place) -> None:
    """Packets pass while no agent runs; the next one finds their marks."""
    with wire.edge() as edge:
        replace_list(edge, listed())
        wire.attach(edge)
    wire.send([frame("wireguard", NOBODY4, ip_address("192.0.2.1"), None)])
    with wire.edge() as edge:
        edge.sweep()
        assert would_cut(edge, Allowlist.empty()) == ["192.0.2.1"]


def test_what_was_seen_outlives_the_agent(wire: Wired, monkeypatch: pytest.MonkeyPatch) -> None:
    with wire.edge() as edge:
        replace_list(edge, listed())
        wire.attach(edge)
        talk(wire, edge, "192.0.2.1", "198.51.100.44")
        monkeypatch.setattr(edge.usage, "keep", lambda: None)  # killed, it keeps nothing any more
    with wire.edge() as edge:
        assert would_cut(edge, Allowlist.empty()) == [], "this one was killed at once"
        talk(wire, edge, "192.0.2.1", "198.51.100.44")
        shift_clock(monkeypatch, "monotonic", 2 * KEPT_EVERY)
        edge.sweep()
        monkeypatch.setattr(edge.usage, "keep", lambda: None)
    for _ in range(2):
        with wire.edge() as edge:
            assert would_cut(edge, Allowlist.empty()) == ["192.0.2.1", "198.51.100.0/24"]
            assert not edge.live.found


def test_what_was_seen_is_forgotten_by_the_time_that_has_passed(
    wire: Wired, edge: Edge, monkeypatch: pytest.MonkeyPatch
) -> None:
    talk(wire, edge, "192.0.2.1", "198.51.100.44")
    kept = edge.usage.last_seen.pack()
    every = listed()
    for passed, count in ((0.0, 2), (IN_USE - 60, 2), (IN_USE + 60, 0)):
        assert LastSeen.unpack(kept, passed).within(every, IN_USE).sum() == count


def test_damage_to_what_was_seen_is_said_and_keeps_nobody_from_starting(wire: Wired, place: Place) -> None:
    with wire.edge() as edge:
        replace_list(edge, listed())
        wire.attach(edge)
        talk(wire, edge, "192.0.2.1")
    place.sql("UPDATE seen SET body = x'00'")
    with wire.edge() as edge:
        assert would_cut(edge, Allowlist.empty()) == []
        assert any("had traffic" in str(fault) for fault in edge.live.found)


@pytest.mark.parametrize("step", [DAY * 2, -DAY * 2], ids=["forward", "back"])
def test_a_stepped_clock_makes_nothing_unused(
    wire: Wired, edge: Edge, step: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    talk(wire, edge, "192.0.2.1")
    shift_clock(monkeypatch, "time", step)
    edge.sweep()
    assert would_cut(edge, Allowlist.empty()) == ["192.0.2.1"]


def test_what_was_seen_is_forgotten_in_the_end(wire: Wired, edge: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    talk(wire, edge, "192.0.2.1", "2001:db8::7")
    shift_clock(monkeypatch, "monotonic", IN_USE + 60)
    assert would_cut(edge, Allowlist.empty()) == []
    edge.sweep()
    edge.sweep()
    assert would_cut(edge, Allowlist.empty()) == []


@pytest.mark.parametrize("step", [DAY * 2, -DAY * 2], ids=["forward", "back"])
def test_a_stepped_clock_changes_no_lease(edge: Edge, step: float, monkeypatch: pytest.MonkeyPatch) -> None:
    edge.lease.renew()
    shift_clock(monkeypatch, "time", step)
    assert edge.config.lease - 10 < lease_left(edge) <= edge.config.lease
    edge.lease.renew()
    assert edge.config.lease - 10 < lease_left(edge) <= edge.config.lease


def shift_clock(monkeypatch: pytest.MonkeyPatch, name: str, step: float) -> None:
    """Step one of the clocks that the agent may read; the machine's own is everybody's."""
    now: Callable[[], float] = getattr(time, name)
    monkeypatch.setattr(time, name, lambda: now() + step)
