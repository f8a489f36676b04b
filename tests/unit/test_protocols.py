"""The table of what is known of each protocol, as the program's header has it, beside what the protocols say."""

import socket

import pytest

from control.protocols import ALWAYS_REFUSABLE, FACTS, PORTLESS, Protocol
from control.vocabulary import VPN_PROTOCOLS

UDP, TCP = socket.IPPROTO_UDP, socket.IPPROTO_TCP
GRE, ESP, AH = socket.IPPROTO_GRE, socket.IPPROTO_ESP, socket.IPPROTO_AH


@pytest.mark.parametrize(
    "fact",
    [
        Protocol("wireguard", UDP, 51820, False, "wireguard"),
        Protocol("openvpn", UDP, 1194, False, "openvpn"),
        Protocol("ike", UDP, 500, False, "ike"),
        Protocol("esp", ESP, 0, True, "ike"),
        Protocol("ah", AH, 0, True, "ike"),
        Protocol("l2tp", UDP, 1701, False, "l2tp"),
        Protocol("pptp", TCP, 1723, False, "pptp"),
        Protocol("gre_pptp", GRE, 0, True, "pptp"),
    ],
    ids=lambda fact: fact.name,
)
def test_facts(fact: Protocol) -> None:
    assert FACTS[fact.name] == fact


def test_every_protocol_has_its_line_in_order() -> None:
    assert tuple(FACTS) == VPN_PROTOCOLS
    assert {fact.opened_by for fact in FACTS.values()} <= set(VPN_PROTOCOLS)


def test_who_has_no_ports_and_who_can_always_be_refused() -> None:
    assert PORTLESS == ALWAYS_REFUSABLE == ("esp", "ah", "gre_pptp")
