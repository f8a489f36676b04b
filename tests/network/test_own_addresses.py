"""The router's own addresses, as a real edge follows them: never refused, whatever the policy."""

from ipaddress import ip_address

import pytest

from control.allowlist.mapped import Address
from control.config.settings import Nat64Settings
from control.datapath.interfaces import addresses
from control.datapath.network import MOST_ADDRESSES
from control.datapath.probe.frames import frame
from control.edge import network as own_network
from control.edge.edge import Edge
from tests.edge.place import listed, replace_list
from tests.edge.wired import Wired

pytestmark = pytest.mark.usefixtures("copied_program")

ROUTER, ROUTER6, PEER, SUBSCRIBER = "203.0.113.1", "2001:db8:203::1", "198.18.0.9", "100.64.0.7"


def follow(wire: Wired, edge: Edge) -> None:
    with edge.turn() as turn:
        wire.inside(lambda: edge.network.follow(turn))


def reason(edge: Edge, source: str, destination: str, protocol: str = "esp") -> str:
    return edge.datapath.probe.probe(frame(protocol, ip_address(source), ip_address(destination))).reason


def told(edge: Edge) -> set[Address]:
    return edge.datapath.network.addresses()


def test_addresses_are_told_before_the_first_packet(wire: Wired) -> None:
    wire.namespace.sysctl("ipv6/conf/far/disable_ipv6", 0)
    wire.ip(f"addr add {ROUTER}/24 brd + dev far", f"addr add {ROUTER6}/64 dev far nodad")
    with wire.edge() as edge:
        replace_list(edge, listed())
        assert told(edge) >= {ip_address(ROUTER), ip_address(ROUTER6), ip_address("203.0.113.255")}
        for protocol in ("esp", "ah", "ike", "l2tp", "gre_pptp"):
            assert reason(edge, PEER, ROUTER, protocol) == reason(edge, ROUTER, PEER, protocol) == "local"
        assert reason(edge, PEER, "203.0.113.2") == "monitor"


def test_addresses_that_come_and_go(wire: Wired, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that comes is told at once; one that went may be on its way back, and stays for a while."""
    with wire.edge() as edge:
        replace_list(edge, listed())
        assert reason(edge, PEER, ROUTER) == "monitor"
        wire.ip(f"addr add {ROUTER}/32 dev far")
        follow(wire, edge)
        assert reason(edge, PEER, ROUTER) == "local"
        wire.ip(f"addr del {ROUTER}/32 dev far")
        follow(wire, edge)
        assert reason(edge, PEER, ROUTER) == "local"
        wire.ip(f"addr add {ROUTER}/32 dev far")
        follow(wire, edge)
        monkeypatch.setattr(own_network, "STAYS", 0.0)
        follow(wire, edge)
        assert reason(edge, PEER, ROUTER) == "local"
        wire.ip(f"addr del {ROUTER}/32 dev far")
        follow(wire, edge)
        assert reason(edge, PEER, ROUTER) == "monitor"


def test_the_other_end_of_a_link_between_two_is_a_subscriber(wire: Wired) -> None:
    wire.ip(f"addr add {ROUTER} peer {SUBSCRIBER} dev far")
    with wire.edge() as edge:
        replace_list(edge, listed())
        assert ip_address(ROUTER) in told(edge)
        assert ip_address(SUBSCRIBER) not in told(edge)


def test_who_starts_again_goes_on_with_what_was_told(wire: Wired) -> None:
    wire.ip(f"addr add {ROUTER}/32 dev far")
    with wire.edge() as edge:
        replace_list(edge, listed())
    wire.ip(f"addr del {ROUTER}/32 dev far")
    with wire.edge() as edge:
        assert reason(edge, PEER, ROUTER) == "local"


def test_more_addresses_than_the_program_takes_are_said(wire: Wired, monkeypatch: pytest.MonkeyPatch) -> None:
    many = {ip_address(number) for number in range(1 << 24, (1 << 24) + MOST_ADDRESSES + 10)}
    with wire.edge() as edge:
        monkeypatch.setattr(addresses, "own", lambda: many)
        follow(wire, edge)
        assert edge.network.trouble is not None
        assert str(MOST_ADDRESSES) in edge.network.trouble
        monkeypatch.undo()
        follow(wire, edge)
        assert edge.network.trouble is None


@pytest.mark.parametrize(
    ("prefixes", "expected"),
    [
        (("64:ff9b::/96",), "registered"),
        ((), "monitor"),
        (("2001:db8:64::/96",), "monitor"),
        (("2001:db8:64::/96", "64:ff9b::/96"), "registered"),
    ],
)
def test_nat64_by_its_setting(wire: Wired, prefixes: tuple[str, ...], expected: str) -> None:
    config = wire.place.config.model_copy(update={"nat64": Nat64Settings(prefixes=prefixes)})
    edge = wire.inside(lambda: Edge.open(config))
    try:
        replace_list(edge, listed())
        assert reason(edge, "2001:db8:9::1", "64:ff9b::192.0.2.1", "wireguard") == expected
    finally:
        edge.close()
