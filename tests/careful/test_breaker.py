"""The breaker: who was cut over the limits and is still there is let through again, and policies go back."""

from collections.abc import Callable, Iterator
from ipaddress import ip_address
from typing import Any

import pytest

from control.datapath.probe.frames import frame
from control.edge.commands.answering import answer
from control.edge.edge import Edge
from control.host import clock
from control.rollout.change import NONE
from control.vocabulary import VPN_PROTOCOLS
from lab.waiting import wait_for
from tests.careful.guarded import change, push, release, ten
from tests.edge.place import listed, policies_of, set_policies
from tests.edge.wired import Wired
from tests.feed.following import is_whole

CUT = [1, 2, 3]
SERVERS = ten()
ELSEWHERE = "203.0.113.77"


@pytest.fixture
def edge(wire: Wired) -> Iterator[Edge]:
    """An edge on whose list ten servers are, the first three of which have traffic."""
    with wire.edge() as edge:
        edge.lease.renew()
        push(edge, SERVERS)
        wire.attach(edge)
        talk(wire, edge, *CUT)
        edge.beat()
        yield edge


def counted(edge: Edge) -> int:
    return sum(count.packets for count in edge.datapath.controls.counts())


def talk(wire: Wired, edge: Edge, *numbers: int, to: str = "192.0.2.{}", protocol: str = "wireguard") -> None:
    """Send a handshake to each of the servers."""
    expected = counted(edge) + len(numbers)
    client = ip_address("198.51.100.200")
    wire.send([frame(protocol, client, ip_address(to.format(number)), None) for number in numbers])
    wait_for(lambda: counted(edge) >= expected, "what was sent is seen")


def enforce(edge: Edge, *protocols: str) -> None:
    policy = {name: {"mode": "enforce", "share": 100} for name in protocols or VPN_PROTOCOLS}
    answer(edge, {"verb": "set_policy", "policy": policy, "confirm_within": 0}, b"")


def enforced(edge: Edge) -> set[str]:
    return {name for name, policy in policies_of(edge).items() if policy.dropped_share}


@pytest.mark.parametrize("first", ["the list", "the policy"])
def test_a_list_emptied_over_the_limits_and_everything_enforced_is_undone(wire: Wired, edge: Edge, first: str) -> None:
    if first == "the policy":
        enforce(edge)
        edge.beat()
    push(edge, NONE, allow_empty=True, override=True)
    edge.beat()
    if first == "the list":
        talk(wire, edge, *CUT)
        edge.beat()
        assert not edge.breaker.tripped, "nothing is dropped: it is only counted"
        enforce(edge)
        edge.beat()
    talk(wire, edge, *CUT)
    edge.beat()
    assert edge.list.state.union.local == SERVERS
    assert is_whole(edge)
    assert enforced(edge) == (set() if first == "the list" else set(VPN_PROTOCOLS))
    [told] = edge.breaker.tripped
    assert "192.0.2.1, 192.0.2.2, 192.0.2.3" in told
    assert edge.past.last(1)[0].door == "breaker"
    edge.beat()
    assert len(edge.breaker.tripped) == 1


def test_after_a_restart_it_goes_on(wire: Wired) -> None:
    with wire.edge() as edge:
        push(edge, SERVERS)
        wire.attach(edge)
        talk(wire, edge, *CUT)
        push(edge, NONE, allow_empty=True, override=True)
        enforce(edge)
    with wire.edge() as again:
        again.beat()
        talk(wire, again, 2)
        again.beat()
        assert again.list.state.union.local == SERVERS
        assert not enforced(again)


def test_who_had_been_added_since_and_what_was_looser_stays(wire: Wired, edge: Edge) -> None:
    enforce(edge, "esp")
    edge.beat()
    push(edge, ten(*CUT), override=True)
    edge.beat()
    enforce(edge, "wireguard", "openvpn")
    change(edge, listed([ELSEWHERE]))
    set_policies(edge, {"esp": {"mode": "monitor", "share": 100}})
    talk(wire, edge, *CUT)
    edge.beat()
    assert edge.list.state.union.local == SERVERS.with_changes(listed([ELSEWHERE]), NONE)
    assert not enforced(edge), "esp was loosened by somebody meanwhile"


def no_traffic(wire: Wired, edge: Edge) -> None:
    push(edge, ten(*CUT), override=True)
    enforce(edge)


def strangers(wire: Wired, edge: Edge) -> None:
    push(edge, ten(*CUT), override=True)
    enforce(edge)
    edge.beat()
    talk(wire, edge, *range(50), to="203.0.113.{}")


def released(wire: Wired, edge: Edge) -> None:
    release(edge, push(edge, ten(*CUT)).held)
    enforce(edge)
    edge.beat()
    talk(wire, edge, *CUT)


def another_protocol(wire: Wired, edge: Edge) -> None:
    push(edge, ten(*CUT), override=True)
    enforce(edge, "openvpn")
    edge.beat()
    talk(wire, edge, *CUT)


def braked(wire: Wired, edge: Edge) -> None:
    push(edge, ten(*CUT), override=True)
    enforce(edge)
    with edge.turn() as turn:
        edge.bypass.set(turn, True)
    edge.beat()
    talk(wire, edge, *CUT)


@pytest.mark.parametrize("happening", [no_traffic, strangers, released, another_protocol, braked])
def test_it_leaves_alone(wire: Wired, edge: Edge, happening: Callable[[Wired, Edge], None]) -> None:
    happening(wire, edge)
    edge.beat()
    assert not edge.breaker.tripped
    assert edge.list.state.union.local == ten(*CUT)
    assert enforced(edge)


def test_other_traffic_in_the_place_of_registered_trips_nothing(wire: Wired, edge: Edge, monkeypatch: Any) -> None:
    """On a small edge the registered stop and strangers begin, just when a policy was tightened."""
    now = [clock.now()]
    monkeypatch.setattr(clock, "now", lambda: now[0])
    for second in range(40):
        now[0] += 1
        if second < 20:
            talk(wire, edge, *CUT, *CUT, *CUT, *CUT)
        else:
            talk(wire, edge, *range(12), to="203.0.113.{}")
        edge.beat()
        if second == 19:
            enforce(edge, "wireguard")
    assert not edge.breaker.tripped
    assert enforced(edge) == {"wireguard"}


def test_registered_packets_that_are_not_any_more_trip_it(wire: Wired, edge: Edge, monkeypatch: Any) -> None:
    """Whatever the reason: here the kernel's list is emptied behind the edge's back while a policy is tightened."""
    now = [clock.now()]
    monkeypatch.setattr(clock, "now", lambda: now[0])

    def seconds(count: int) -> None:
        for _ in range(count):
            now[0] += 1
            talk(wire, edge, *CUT, *CUT, *CUT, *CUT)
            edge.beat()

    enforce(edge, "esp")
    now[0] += 200
    seconds(20)
    edge.sweep()
    enforce(edge, "wireguard")
    lists = edge.datapath.lists
    lists.go_live(lists.stage(ten(*CUT), edge.list.state.provenance))
    seconds(5)
    [told] = edge.breaker.tripped
    assert "192.0.2.1, 192.0.2.2, 192.0.2.3 are on the list, and not found" in told
    assert "registered packets fell from 12 to 0 a second" in told
    assert enforced(edge) == {"esp"}
