"""Frames that name a flow, and frames that belong to none, one by one; test_flows.py makes up many."""

from pathlib import Path

import pytest
from scapy.contrib.mpls import MPLS
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.inet6 import IPv6, IPv6ExtHdrDestOpt, IPv6ExtHdrFragment, IPv6ExtHdrHopByHop
from scapy.layers.ipsec import AH, ESP
from scapy.layers.l2 import Dot1AD, Dot1Q, Ether
from scapy.layers.ppp import PPP, PPPoE
from scapy.layers.sctp import SCTP
from scapy.packet import Packet, Raw

from control.replay.flows import replay
from tests.kernel.situations import Edge
from tests.kernel.test_flows import Name, name_of
from tests.unit.test_flows import ARP_REQUEST, ETHER, UDP4, UDP6, capture

BETWEEN4 = (17, "192.0.2.9", 1000, "192.0.2.10", 53)
BETWEEN6 = (17, "2001:db8::9", 1000, "2001:db8::10", 53)


def between4(ip_proto: int) -> tuple[int, str, int, str, int]:
    return ip_proto, "192.0.2.9", 0, "192.0.2.10", 0


def ether(ethertype: int) -> Packet:
    return Ether(src=ETHER.src, dst=ETHER.dst, type=ethertype)


def ip6() -> Packet:
    return IPv6(src="2001:db8::9", dst="2001:db8::10")


def ip4(**fields: int | bytes) -> Packet:
    return IP(src="192.0.2.9", dst="192.0.2.10", **fields)


NAMED = {
    "UDP": (ETHER / UDP4, BETWEEN4),
    "the way back": (ETHER / IP(src="192.0.2.10", dst="192.0.2.9") / UDP(sport=53, dport=1000), BETWEEN4),
    "lower by number, not by text": (
        ETHER / IP(src="10.0.0.1", dst="9.0.0.1") / UDP(sport=1, dport=2),
        (17, "9.0.0.1", 2, "10.0.0.1", 1),
    ),
    "one address, sorted by port": (
        ETHER / IP(src="127.0.0.1", dst="127.0.0.1") / TCP(sport=443, dport=99),
        (6, "127.0.0.1", 99, "127.0.0.1", 443),
    ),
    "IPv4 with options": (ETHER / ip4(ihl=7, options=b"\1" * 8) / UDP4[UDP], BETWEEN4),
    "a first fragment": (ETHER / ip4(flags=1) / UDP4[UDP], BETWEEN4),
    "IPv4 whose length the network card fills in": (ETHER / ip4(len=0) / UDP4[UDP], BETWEEN4),
    "VLAN": (ETHER / Dot1Q(vlan=7) / UDP4, BETWEEN4),
    "QinQ": (ETHER / Dot1AD(vlan=7) / Dot1Q(vlan=8) / UDP4, BETWEEN4),
    "PPPoE": (ETHER / PPPoE() / PPP() / UDP4, BETWEEN4),
    "PPPoE with IPv6": (ETHER / PPPoE() / PPP(proto=0x57) / UDP6, BETWEEN6),
    "MPLS of two labels": (ETHER / MPLS(s=0) / MPLS(s=1) / UDP4, BETWEEN4),
    "IPv6": (ETHER / UDP6, BETWEEN6),
    "an IPv4-mapped address": (
        ETHER / IPv6(src="::ffff:192.0.2.9", dst="::ffff:192.0.2.10") / UDP4[UDP],
        (17, "::ffff:192.0.2.9", 1000, "::ffff:192.0.2.10", 53),
    ),
    "IPv6 with extension headers": (
        ETHER / ip6()
        / IPv6ExtHdrHopByHop() / IPv6ExtHdrDestOpt() / IPv6ExtHdrFragment(m=1) / UDP6[UDP],
        BETWEEN6,
    ),
    "ICMP has no ports": (ETHER / ip4() / ICMP(), between4(1)),
    "SCTP's ports are left out": (ETHER / ip4() / SCTP(sport=5, dport=6), between4(132)),
    "ESP": (ETHER / ip4() / ESP(spi=300, seq=1, data=b"sealed"), between4(50)),
    "AH is not looked behind": (ETHER / ip4() / AH(spi=3, seq=1, icv=bytes(12)) / UDP4[UDP], between4(51)),
    "the outer one of two IP headers": (ETHER / ip4() / UDP4, between4(4)),
}  # fmt: skip

NAMELESS = {
    "ARP": ETHER / ARP_REQUEST,
    "a fragment after the first": ETHER / ip4(frag=64) / UDP4[UDP],
    "an IPv6 fragment after the first": ETHER / ip6() / IPv6ExtHdrFragment(offset=8, nh=17) / Raw(bytes(20)),
    "IPv4 cut short": ether(0x0800) / Raw(b"\x45" + bytes(18)),
    "IPv4 of a header shorter than it can be": ETHER / ip4(ihl=4) / UDP4[UDP],
    "IPv4 of another version": ether(0x0800) / Raw(b"\x65" + bytes(30)),
    "IPv6 of another version": ether(0x86DD) / Raw(b"\x50" + bytes(60)),
    "IPv6 cut short": ether(0x86DD) / Raw(b"\x60" + bytes(38)),
    "TCP cut short": ETHER / ip4(proto=6) / Raw(bytes(19)),
    "UDP that begins behind the end that IPv4 announces": ETHER / ip4(len=27) / UDP4[UDP],
    "VLAN cut short": ether(0x8100) / Raw(b"\0"),
    "MPLS without a last label": ether(0x8847) / Raw(bytes(16)),
    "MPLS with Ethernet behind": ETHER / MPLS(s=1) / Raw(bytes(20)),
    "PPPoE with LCP": ETHER / PPPoE() / PPP(proto=0xC021) / Raw(b"lcp"),
}


@pytest.mark.parametrize(("frame", "expected"), NAMED.values(), ids=NAMED)
def test_a_frame_names_its_flow(edge: Edge, tmp_path: Path, frame: Packet, expected: Name) -> None:
    (flow,) = replay(capture(tmp_path / "file", frame), edge).flows
    assert name_of(flow) == expected


@pytest.mark.parametrize("frame", NAMELESS.values(), ids=NAMELESS)
def test_a_frame_without_a_flow(edge: Edge, tmp_path: Path, frame: Packet) -> None:
    result = replay(capture(tmp_path / "file", frame), edge)
    assert (result.flows, result.strays) == ([], 1)
