"""Flows: whose packet a frame is, and what becomes of a capture's packets."""

from dataclasses import dataclass
from pathlib import Path

import pytest
from scapy.contrib.mpls import MPLS
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.inet6 import IPv6, IPv6ExtHdrDestOpt, IPv6ExtHdrFragment, IPv6ExtHdrHopByHop
from scapy.layers.ipsec import AH, ESP
from scapy.layers.l2 import ARP, Dot1AD, Dot1Q, Ether
from scapy.layers.ppp import PPP, PPPoE
from scapy.layers.sctp import SCTP
from scapy.packet import Packet, Raw

from control.replay.ends import ends
from control.replay.flows import replay
from tests.unit.test_capture import pcap, record

# Every address is given, or scapy asks the network for it.
ETHER = Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02")
ARP_REQUEST = ARP(hwsrc="02:00:00:00:00:01", psrc="192.0.2.9", hwdst="00:00:00:00:00:00", pdst="192.0.2.10")
UDP4 = IP(src="192.0.2.9", dst="192.0.2.10") / UDP(sport=1000, dport=53) / b"data"
UDP6 = IPv6(src="2001:db8::9", dst="2001:db8::10") / UDP(sport=1000, dport=53) / b"data"
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
    "UDP that begins behind the packet's end": ETHER / ip4(len=27) / UDP4[UDP],
    "TCP cut short": ETHER / ip4(proto=6) / Raw(bytes(19)),
    "VLAN cut short": ether(0x8100) / Raw(b"\0"),
    "MPLS without a last label": ether(0x8847) / Raw(bytes(16)),
    "MPLS with Ethernet behind": ETHER / MPLS(s=1) / Raw(bytes(20)),
    "PPPoE with LCP": ETHER / PPPoE() / PPP(proto=0xC021) / Raw(b"lcp"),
}


@pytest.mark.parametrize(("frame", "expected"), NAMED.values(), ids=NAMED)
def test_a_frame_names_its_flow(frame: Packet, expected: tuple[int, str, int, str, int]) -> None:
    found = ends(bytes(frame))
    assert found
    assert (found.ip_proto, found.a.host, found.a.port, found.b.host, found.b.port) == expected


@pytest.mark.parametrize("frame", NAMELESS.values(), ids=NAMELESS)
def test_a_frame_without_a_flow(frame: Packet) -> None:
    assert ends(bytes(frame)) is None


@dataclass(frozen=True)
class Said:
    """An answer of the program."""

    protocol: str = "none"
    handshake: bool = False
    verdict: str = "pass"
    reason: str = "ordinary"


class Script:
    """Says the given answers, one a packet: what is tested here is how they are counted."""

    def __init__(self, *answers: Said) -> None:
        self.answers = list(answers)

    def probe(self, frame: bytes) -> Said:
        assert len(frame) >= 14
        return self.answers.pop(0)


OPENVPN, OPENING = Said("openvpn"), Said("openvpn", handshake=True)
REFUSED = Said("openvpn", handshake=True, verdict="drop", reason="enforced")

PROTOCOLS = {
    "nothing recognised": ([Said(), Said()], "none"),
    "unrecognised packets have no say": ([Said(), OPENVPN, Said()], "openvpn"),
    "the most packets decide": ([Said("esp"), Said("ike"), Said("ike")], "ike"),
    "a handshake outdoes the most packets": ([Said("ike"), Said("ike"), OPENING], "openvpn"),
    "the first handshake counts": ([OPENING, Said("ike", handshake=True)], "openvpn"),
}


def capture(path: Path, *frames: Packet) -> Path:
    path.write_bytes(pcap(*(record(bytes(frame)) for frame in frames)))
    return path


@pytest.mark.parametrize(("answers", "protocol"), PROTOCOLS.values(), ids=PROTOCOLS)
def test_a_flow_takes_its_protocol_from_its_packets(tmp_path: Path, answers: list[Said], protocol: str) -> None:
    file = capture(tmp_path / "file", *[ETHER / UDP4] * len(answers))
    (flow,) = replay(file, Script(*answers)).flows
    assert flow.protocol == protocol


def test_packets_are_counted_by_flow_and_verdict(tmp_path: Path) -> None:
    file = capture(tmp_path / "file", ETHER / UDP4, ETHER / UDP6, ETHER / ARP_REQUEST, ETHER / UDP4)
    result = replay(file, Script(REFUSED, Said(), OPENVPN))
    counts = [(flow.packets, flow.handshakes, flow.passed, flow.dropped) for flow in result.flows]
    assert counts == [(2, 1, 1, 1), (1, 0, 1, 0)]
    assert (result.strays, result.unread, result.is_capture) == (1, [], True)


def test_what_a_damaged_file_still_holds_is_counted(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(pcap(record(bytes(ETHER / UDP4)), record(b"cut"))[:-1])
    result = replay(file, Script(Said()))
    assert [flow.packets for flow in result.flows] == [1]
    assert result.unread == [f"the file ends inside record 2 at byte {file.stat().st_size}"]
    assert result.is_capture


def test_packets_of_an_unknown_link_type_are_counted_and_skipped(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(pcap(record(b"usb"), record(b"usb"), link=189))
    result = replay(file, Script())
    assert result.unread == ["link type 189 is not supported: 2 packets skipped"]
    assert result.is_capture


@pytest.mark.parametrize(
    ("name", "why"),
    [("absent", "No such file or directory"), ("text", "not a capture in pcap or pcapng format")],
)
def test_a_file_that_is_no_capture_is_told(tmp_path: Path, name: str, why: str) -> None:
    (tmp_path / "text").write_text("no capture at all")
    result = replay(tmp_path / name, Script())
    assert not result.is_capture
    assert result.unread[0].startswith(why)
