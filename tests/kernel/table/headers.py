"""Link layers and IP: what is in front of a payload, whole, odd and cut short; mostly of a WireGuard initiation."""

from typing import Any

from scapy.contrib.mpls import MPLS
from scapy.layers.inet import ICMP, TCP
from scapy.layers.inet6 import (
    ICMPv6DestUnreach,
    IPv6ExtHdrDestOpt,
    IPv6ExtHdrFragment,
    IPv6ExtHdrHopByHop,
    IPv6ExtHdrRouting,
)
from scapy.layers.l2 import ARP, LLC, STP, Dot1AD, Dot1Q, Dot3
from scapy.layers.ppp import PPP, PPP_LCP, PPPoE, PPPoED
from scapy.packet import Raw

from lab.packets import LINKS, changed, ether, ip4, ip6, noise, tcp, udp, word
from tests.kernel.row import continues, opens, passes
from tests.kernel.table.ike import v2
from tests.kernel.table.tunnels import SEALED
from tests.kernel.table.wireguard import INITIATION, PORT, data

START = udp(INITIATION, PORT)
WHOLE4, WHOLE6 = bytes(ether() / ip4() / START), bytes(ether() / ip6() / START)
IP_AT = 14

OTHER_LINKS = tuple(name for name in LINKS if name != "ethernet")


def tagged(tags: int) -> Any:
    """An Ethernet header and so many VLAN tags."""
    packet = ether()
    for _ in range(tags):
        packet = packet / Dot1Q()
    return packet


LINK_ROWS = (
    *(opens("wireguard", f"an initiation, IPv4 in {link}", LINKS[link] / ip4() / START, link) for link in OTHER_LINKS),
    *(opens("wireguard", f"an initiation, IPv6 in {link}", LINKS[link] / ip6() / START, link) for link in OTHER_LINKS),
    *(passes(f"DNS, IPv4 in {link}", LINKS[link] / ip4() / udp(noise(40), 53), link=link) for link in OTHER_LINKS),
    opens("wireguard", "an initiation behind six tags", tagged(6) / ip4() / START),
    passes("an initiation behind seven tags", tagged(7) / ip4() / START, "unknown"),
    opens("wireguard", "an initiation, padded at the frame's end", WHOLE4 + bytes(9)),
    passes("ARP", ether() / ARP(hwsrc="02:00:00:00:00:01", psrc="192.0.2.9", pdst="192.0.2.10"), "unknown"),
    passes("LLDP", ether(type=0x88CC) / Raw(b"\x02\x07\x04" + noise(30)), "unknown"),
    passes(
        "a spanning tree's 802.3 frame",
        Dot3(src="02:00:00:00:00:01", dst="02:00:00:00:00:02") / LLC() / STP(),
        "unknown",
    ),
    passes("a frame of its Ethernet header alone, IPv4", ether(type=0x0800), "truncated"),
    passes("a frame of its Ethernet header alone, of a type unknown", ether(type=0x88B5), "unknown"),
    passes("a VLAN tag cut off", bytes(ether() / Dot1Q(vlan=7))[:-1], "truncated"),
    passes("a VLAN tag with nothing known behind", ether() / Dot1Q(vlan=7, type=0x88B5) / Raw(noise(30)), "unknown"),
    passes("a second VLAN tag cut off", bytes(ether() / Dot1AD(vlan=7) / Dot1Q(vlan=8))[:-2], "truncated"),
    passes("an MPLS label with nothing behind", ether(type=0x8847) / MPLS(label=16, s=1), "truncated"),
    passes("MPLS with a pseudowire", ether(type=0x8847) / MPLS(label=16, s=1) / Raw(bytes(4) + WHOLE4), "unknown"),
    passes("PPPoE discovery", ether(type=0x8863) / PPPoED() / Raw(noise(20)), "unknown"),
    passes("PPPoE carrying LCP", ether() / PPPoE(sessionid=9) / PPP(proto=0xC021) / PPP_LCP(), "unknown"),
    passes("PPPoE of another version", ether() / PPPoE(version=2, sessionid=9) / PPP() / ip4() / START, "unknown"),
    passes(
        "PPPoE of a code that is not a session's",
        ether() / PPPoE(code=9, sessionid=9) / PPP() / ip4() / START,
        "unknown",
    ),
    passes("PPPoE cut off before its protocol", bytes(LINKS["PPPoE"])[:21], "truncated"),
)

IPV4_ROWS = (
    opens("wireguard", "an initiation behind IPv4 options", ether() / ip4(options=b"\1" * 40) / START),
    opens("wireguard", "an initiation whose IPv4 length a card fills in", ether() / ip4(len=0) / START),
    opens("wireguard", "an initiation in its datagram's first fragment", ether() / ip4(flags="MF") / START),
    passes("a fragment after the first, of UDP", ether() / ip4(frag=64, proto=17) / Raw(bytes(START)), "fragment"),
    passes("a fragment after the first, of ESP", ether() / ip4(frag=64, proto=50) / Raw(noise(64)), "fragment"),
    passes("a fragment at the smallest offset", ether() / ip4(frag=1, proto=50) / Raw(noise(64)), "fragment"),
    passes("the last fragment of IKE_AUTH", ether() / ip4(frag=185, proto=17) / Raw(noise(528)), "fragment"),
    continues(
        "ike",
        "the first fragment of a long IKE_AUTH",
        ether() / ip4(flags="MF", proto=17) / Raw(bytes(udp(v2(35, noise(8), 2000), 500))[:1480]),
    ),
    passes("IPv4 by its type, version 6", changed(WHOLE4, IP_AT, 0x65), "unknown"),
    passes("IPv4 by its type, version 5", changed(WHOLE4, IP_AT, 0x55), "unknown"),
    passes("an IPv4 header that says it has 16 bytes", changed(WHOLE4, IP_AT, 0x44), "truncated"),
    passes("an IPv4 header of 19 bytes", WHOLE4[: IP_AT + 19], "truncated"),
    passes("IPv4 shorter than its own header", changed(WHOLE4, IP_AT + 3, 19), "truncated"),
    passes(
        "ESP behind IPv4 options that are cut off",
        bytes(ether() / ip4(proto=50, options=b"\1" * 40))[:-20],
        "truncated",
    ),
    passes(
        "a later fragment that is shorter than its header", ether() / ip4(frag=9, len=19) / Raw(noise(64)), "truncated"
    ),
    passes("UDP behind what IPv4 says is the packet's end", ether() / ip4(len=27) / START, "truncated"),
    passes("TCP whose options are cut off", bytes(ether() / ip4() / tcp(b"", PORT, dataofs=15))[:-1], "truncated"),
    passes("UDP of 7 bytes", ether() / ip4(proto=17) / Raw(bytes(START)[:7]), "truncated"),
    passes("UDP whose length is 7", ether() / ip4() / udp(INITIATION, PORT, len=7), "truncated"),
    passes("UDP whose length is 0", ether() / ip4() / udp(INITIATION, PORT, len=0), "truncated"),
    passes("UDP whose length is one too small for an initiation", ether() / ip4() / udp(INITIATION, PORT, len=155)),
    passes("TCP of 19 bytes", ether() / ip4(proto=6) / Raw(bytes(TCP())[:19]), "truncated"),
    passes("TCP whose header says 16 bytes", ether() / ip4() / tcp(noise(40), PORT, dataofs=4), "truncated"),
    passes("TCP whose header is longer than its packet", ether() / ip4() / tcp(b"", PORT, dataofs=15), "truncated"),
    passes("an initiation in UDP-Lite", ether() / ip4(proto=136) / Raw(bytes(START))),
    passes("an initiation inside IPv4 in IPv4", ether() / ip4() / ip4() / START),
    passes("an initiation inside IPv6 in IPv4 (6in4)", ether() / ip4() / ip6() / START),
    passes("an initiation inside EtherIP", ether() / ip4(proto=97) / Raw(b"\x30\0") / ether() / ip4() / START),
    passes("an initiation quoted by ICMP", ether() / ip4() / ICMP(type=3, code=3) / ip4() / START),
    passes("ping", ether() / ip4() / ICMP() / Raw(noise(56))),
    passes("SCTP", ether() / ip4(proto=132) / Raw(noise(60))),
    passes("OSPF", ether() / ip4(proto=89) / Raw(noise(60))),
    passes("an IPv4 header with nothing behind", ether() / ip4(proto=59)),
)


def deep(headers: int, number: int = 17, last: Any = START) -> Any:
    """What has this protocol number, behind so many extension headers."""
    packet = ether() / ip6()
    for _ in range(headers - 1):
        packet = packet / IPv6ExtHdrDestOpt(nh=60)
    return packet / IPv6ExtHdrDestOpt(nh=number) / last


def behind(number: int, next_header: int = 17) -> bytes:
    """An initiation behind one extension header of 8 bytes, written by hand."""
    return bytes(ether() / ip6(nh=number) / Raw(bytes([next_header, 0, 1, 4]) + bytes(4) + bytes(START)))


OUTERMOST6 = bytes(ether() / ip6() / IPv6ExtHdrDestOpt(nh=17) / START)
EXTENSION_AT = IP_AT + 40

IPV6_ROWS = (
    opens("wireguard", "an initiation behind hop-by-hop options", behind(0)),
    opens(
        "wireguard",
        "an initiation behind a routing header",
        ether() / ip6() / IPv6ExtHdrRouting(addresses=["2001:db8::1"]) / START,
    ),
    opens("wireguard", "an initiation behind destination options", behind(60)),
    opens("wireguard", "an initiation behind a mobility header", behind(135)),
    opens("wireguard", "an initiation behind HIP", behind(139)),
    opens("wireguard", "an initiation behind shim6", behind(140)),
    opens(
        "wireguard",
        "an initiation behind hop-by-hop options and a whole fragment's header",
        ether() / ip6() / IPv6ExtHdrHopByHop() / IPv6ExtHdrFragment(nh=17) / START,
    ),
    opens(
        "wireguard",
        "an initiation in its datagram's first fragment, IPv6",
        ether() / ip6() / IPv6ExtHdrFragment(m=1, nh=17) / START,
    ),
    opens("wireguard", "an initiation behind 8 extension headers", deep(8)),
    opens("wireguard", "an initiation whose IPv6 length a card fills in", ether() / ip6(plen=0, nh=17) / START),
    passes("an initiation behind 9 extension headers", deep(9), "unknown"),
    passes(
        "a fragment after the first, IPv6 and UDP",
        ether() / ip6() / IPv6ExtHdrFragment(offset=64, nh=17) / Raw(bytes(START)),
        "fragment",
    ),
    passes(
        "a fragment after the first, IPv6 and ESP",
        ether() / ip6() / IPv6ExtHdrFragment(offset=1, nh=50) / Raw(noise(64)),
        "fragment",
    ),
    passes(
        "a fragment after the first behind hop-by-hop options",
        ether() / ip6() / IPv6ExtHdrHopByHop() / IPv6ExtHdrFragment(offset=9, nh=50) / Raw(noise(64)),
        "fragment",
    ),
    passes("no next header", ether() / ip6(nh=59) / Raw(bytes(START))),
    passes("an initiation behind an unknown extension header, 253", behind(253)),
    passes("IPv6 by its type, version 4", changed(WHOLE6, IP_AT, 0x45), "unknown"),
    passes("IPv6 by its type, version 5", changed(WHOLE6, IP_AT, 0x55), "unknown"),
    passes("an IPv6 header of 39 bytes", WHOLE6[: IP_AT + 39], "truncated"),
    passes("an extension header cut off", OUTERMOST6[: EXTENSION_AT + 7], "truncated"),
    passes(
        "an extension header that is longer than its packet", changed(OUTERMOST6, EXTENSION_AT + 1, 255), "truncated"
    ),
    passes(
        "an extension header past IPv6's length",
        OUTERMOST6[: IP_AT + 4] + word(7, 2) + OUTERMOST6[IP_AT + 6 :],
        "truncated",
    ),
    passes(
        "ESP behind an extension header that is cut off",
        ether() / ip6(plen=100, nh=60) / Raw(bytes([50, 1]) + bytes(6)),
        "truncated",
    ),
    passes("UDP behind what IPv6 says is the packet's end", ether() / ip6(plen=7, nh=17) / START, "truncated"),
    passes(
        "a later fragment whose header is past IPv6's length",
        ether() / ip6(plen=7) / IPv6ExtHdrFragment(offset=9, nh=17) / Raw(noise(64)),
        "truncated",
    ),
    passes("UDP over IPv6 of 7 bytes", ether() / ip6(nh=17) / Raw(bytes(START)[:7]), "truncated"),
    passes("TCP over IPv6 of 19 bytes", ether() / ip6(nh=6) / Raw(bytes(TCP())[:19]), "truncated"),
    passes("an initiation inside IPv6 in IPv6", ether() / ip6() / ip6() / START),
    passes("an initiation inside IPv4 in IPv6", ether() / ip6(nh=4) / ip4() / START),
    passes("an initiation quoted by ICMPv6", ether() / ip6() / ICMPv6DestUnreach() / ip6() / START),
    continues(
        "wireguard", "data behind destination options", ether() / ip6() / IPv6ExtHdrDestOpt(nh=17) / udp(data(84), PORT)
    ),
    continues("esp", "behind seven extension headers", deep(7, 50, SEALED)),
)

ROWS = (*LINK_ROWS, *IPV4_ROWS, *IPV6_ROWS)
