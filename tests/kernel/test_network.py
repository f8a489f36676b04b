"""What is the network's own is never refused; and what a NAT64 has inside is looked up as IPv4."""

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from control.allowlist import nat64
from control.allowlist.entry import Entry
from control.allowlist.mapped import Address
from control.datapath.probe.frames import frame
from control.vocabulary import VPN_PROTOCOLS
from tests.kernel.situations import Edge

NEIGHBOURS = {
    "OSPFv3 to all its routers": ("fe80::1", "ff02::5"),
    "OSPFv3 to one of them": ("fe80::1", "fe80::2"),
    "VRRP": ("198.51.100.1", "224.0.0.18"),
    "PIM": ("198.51.100.1", "224.0.0.13"),
    "multicast that is routed": ("198.51.100.1", "239.1.2.3"),
    "multicast of the site": ("2001:db8::1", "ff05::2"),
    "IPv4 link-local": ("169.254.0.1", "198.51.100.1"),
    "to everybody": ("198.51.100.1", "255.255.255.255"),
    "from a link-local address": ("fe80::1", "2001:db8::9"),
}
NEAR = {
    "below IPv4 multicast": ("198.51.100.1", "223.255.255.255"),
    "above IPv4 multicast": ("198.51.100.1", "240.0.0.1"),
    "below IPv4 link-local": ("198.51.100.1", "169.253.255.255"),
    "above IPv4 link-local": ("198.51.100.1", "169.255.0.0"),
    "below limited broadcast": ("198.51.100.1", "255.255.255.254"),
    "below IPv6 link-local": ("2001:db8::1", "fe7f:ffff::1"),
    "above IPv6 link-local": ("2001:db8::1", "fec0::1"),
    "below IPv6 multicast": ("2001:db8::1", "feff::1"),
    "IPv6 that ends as IPv4 multicast does": ("2001:db8::1", "2001:db8::e000:12"),
}
ROUTER4, ROUTER6 = ip_address("198.51.100.254"), ip_address("2001:db8::fe")
OWN = (ROUTER4, ROUTER6)


@pytest.fixture
def enforcing(edge: Edge) -> Edge:
    """An edge that drops whatever it may."""
    edge.set_all("enforce")
    edge.controls.renew_lease(3600)
    edge.register([Entry(ip_network("192.0.2.1")), Entry(ip_network("192.0.2.99"))])
    edge.network.remove(edge.network.addresses())
    edge.network.translate([])
    return edge


def said(edge: Edge, protocol: str, source: str | Address, destination: str | Address) -> tuple[str, str]:
    answer = edge.probe(frame(protocol, ip_address(str(source)), ip_address(str(destination))))
    assert answer.protocol == protocol
    return answer.verdict, answer.reason


@pytest.mark.parametrize("protocol", VPN_PROTOCOLS)
@pytest.mark.parametrize("ends", NEIGHBOURS.values(), ids=NEIGHBOURS)
def test_neighbours_are_never_refused(enforcing: Edge, protocol: str, ends: tuple[str, str]) -> None:
    assert said(enforcing, protocol, *ends) == ("pass", "local")
    assert said(enforcing, protocol, *reversed(ends)) == ("pass", "local")


@pytest.mark.parametrize("protocol", VPN_PROTOCOLS)
@pytest.mark.parametrize("ends", NEAR.values(), ids=NEAR)
def test_others_are(enforcing: Edge, protocol: str, ends: tuple[str, str]) -> None:
    assert said(enforcing, protocol, *ends) == ("drop", "enforced")


@pytest.mark.parametrize("protocol", VPN_PROTOCOLS)
@pytest.mark.parametrize(("router", "peer"), [(ROUTER4, "192.0.2.77"), (ROUTER6, "2001:db8:77::1")], ids=["4", "6"])
def test_the_routers_own_addresses(enforcing: Edge, protocol: str, router: Address, peer: str) -> None:
    assert said(enforcing, protocol, peer, router) == ("drop", "enforced")
    enforcing.network.add(OWN)
    assert enforcing.network.addresses() == set(OWN)
    assert said(enforcing, protocol, peer, router) == ("pass", "local")
    assert said(enforcing, protocol, router, peer) == ("pass", "local")
    assert said(enforcing, protocol, peer, router + 1) == ("drop", "enforced")
    enforcing.network.remove([router])
    assert said(enforcing, protocol, peer, router) == ("drop", "enforced")


def test_a_registered_end_is_registered_all_the_same(enforcing: Edge) -> None:
    enforcing.network.add([ip_address("192.0.2.1")])
    assert said(enforcing, "esp", "198.51.100.9", "192.0.2.1") == ("pass", "registered")


# RFC 6052, section 2.4, the text representation of 192.0.2.33 behind each prefix.
RFC_6052 = {
    "2001:db8::/32": "2001:db8:c000:221::",
    "2001:db8:100::/40": "2001:db8:1c0:2:21::",
    "2001:db8:122::/48": "2001:db8:122:c000:2:2100::",
    "2001:db8:122:300::/56": "2001:db8:122:3c0:0:221::",
    "2001:db8:122:344::/64": "2001:db8:122:344:c0:2:2100::",
    "2001:db8:122:344::/96": "2001:db8:122:344::192.0.2.33",
    "64:ff9b::/96": "64:ff9b::192.0.2.33",
}


@pytest.mark.parametrize(("prefix", "address"), RFC_6052.items(), ids=RFC_6052)
def test_the_examples_of_the_document(enforcing: Edge, prefix: str, address: str) -> None:
    translated, inside = IPv6Network(prefix), IPv4Address("192.0.2.33")
    assert nat64.around(translated, inside) == IPv6Address(address)
    assert nat64.inside(IPv6Address(address), translated.prefixlen) == inside
    enforcing.register([Entry(ip_network(inside))])
    assert said(enforcing, "wireguard", "2001:db8:99::1", address) == ("drop", "enforced")
    enforcing.network.translate([IPv6Network("2001:db8:fe00::/40"), translated])
    assert said(enforcing, "wireguard", "2001:db8:99::1", address) == ("pass", "registered")
    answer = enforcing.probe(frame("wireguard", ip_address(address), ip_address("2001:db8:99::1")))
    assert (answer.side, answer.translated, answer.matched) == ("source", translated.prefixlen, ip_network(inside))
    enforcing.network.translate([])
    assert said(enforcing, "wireguard", "2001:db8:99::1", address) == ("drop", "enforced")


PREFIXES = [IPv6Network(prefix) for prefix in RFC_6052]
ENTRIES = [
    Entry(ip_network("192.0.2.33")),
    Entry(ip_network("203.0.113.0/24"), ("wireguard",)),
    Entry(ip_network("203.0.113.128/25"), ("ike",)),
    Entry(ip_network("198.51.100.0/22"), ports=((51820, 51820),)),
    Entry(ip_network("2001:db8:122:344::/65")),  # which the last prefix but one is in, too
]
addresses = st.sampled_from([IPv4Address(text) for text in ("192.0.2.33", "192.0.2.34", "203.0.113.7", "203.0.113.200",
                                                            "198.51.100.1", "198.51.104.1", "0.0.0.0")])  # fmt: skip


@settings(max_examples=150)
@given(st.data())
def test_it_is_as_if_the_packet_were_ipv4(pinned_edge: Edge, data: st.DataObject) -> None:
    prefix = data.draw(st.sampled_from(PREFIXES[:4] + PREFIXES[6:]))
    address, protocol = data.draw(addresses), data.draw(st.sampled_from(VPN_PROTOCOLS))
    port = data.draw(st.sampled_from([None, 51820, 4500]))
    native = pinned_edge.probe(frame(protocol, ip_address("192.0.2.200"), address, port))
    behind = pinned_edge.probe(frame(protocol, ip_address("2001:db8:99::1"), nat64.around(prefix, address), port))
    for field in ("protocol", "verdict", "reason", "side", "prefix_length", "narrowed", "exact_set", "matched",
                  "other", "other_length", "matched_otherwise"):  # fmt: skip
        assert getattr(behind, field) == getattr(native, field), field


@pytest.fixture(scope="module")
def pinned_edge(edge: Edge) -> Edge:
    edge.set_all("enforce")
    edge.controls.renew_lease(3600)
    edge.network.remove(edge.network.addresses())
    edge.network.translate(PREFIXES)
    edge.register(ENTRIES)
    return edge


def test_an_ipv6_entry_behind_the_prefix_holds_by_itself(enforcing: Edge) -> None:
    enforcing.network.translate([IPv6Network(nat64.WELL_KNOWN)])
    enforcing.register([Entry(ip_network("64:ff9b::c000:221"))])
    answer = enforcing.probe(frame("wireguard", ip_address("2001:db8::1"), ip_address("64:ff9b::192.0.2.33")))
    assert (answer.reason, answer.translated, answer.matched) == ("registered", 0, ip_network("64:ff9b::c000:221"))


def test_bits_that_are_zero_in_nat64(enforcing: Edge) -> None:
    """RFC 6052, section 2.2: with one of the bits 64 to 71 set, it is another address."""
    enforcing.register([Entry(ip_network("192.0.2.33"))])
    enforcing.network.translate([IPv6Network("2001:db8:122::/48")])
    address = IPv6Address("2001:db8:122:c000:2:2100::")
    assert said(enforcing, "wireguard", "2001:db8:99::1", address) == ("pass", "registered")
    wrong = IPv6Address(int(address) | 1 << 56)
    assert said(enforcing, "wireguard", "2001:db8:99::1", wrong) == ("drop", "enforced")


def test_a_prefix_that_stays_is_never_away(enforcing: Edge) -> None:
    table = enforcing.network
    table.translate(PREFIXES)
    assert table.translations() == set(PREFIXES)
    table.translate([*PREFIXES[3:], IPv6Network("2001:db8:aaaa::/48")])
    assert table.translations() == {*PREFIXES[3:], IPv6Network("2001:db8:aaaa::/48")}
    table.translate([])
    assert table.translations() == set()
