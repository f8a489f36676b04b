"""Packets of each link type as Ethernet frames."""

import pytest

from control.replay.link import UnsupportedLinkError, ethernet_frame

IPV4_PACKET, IPV6_PACKET = b"\x45 an IPv4 packet", b"\x60 an IPv6 packet"
IPV4, IPV6, ARP = b"\x08\x00", b"\x86\xdd", b"\x08\x06"
COOKED_BYTES_BEFORE_PROTOCOL = b"\0\0\0\1\0\6abcdef\0\0"
COOKED2_BYTES_BEHIND_PROTOCOL = b"\0\0\0\0\0\1\0\1\0\6abcdef\0\0"

FRAMES = {
    "Ethernet, as it is": (1, b"destinsource" + ARP + b"x", b"destinsource" + ARP + b"x"),
    "raw IP, IPv4": (101, IPV4_PACKET, bytes(12) + IPV4 + IPV4_PACKET),
    "raw IP, IPv6": (101, IPV6_PACKET, bytes(12) + IPV6 + IPV6_PACKET),
    "raw IP by its older number": (12, IPV6_PACKET, bytes(12) + IPV6 + IPV6_PACKET),
    "raw IP by OpenBSD's number": (14, IPV4_PACKET, bytes(12) + IPV4 + IPV4_PACKET),
    "raw IP of no bytes": (101, b"", bytes(12) + IPV4),
    "raw IPv4": (228, IPV4_PACKET, bytes(12) + IPV4 + IPV4_PACKET),
    "raw IPv6": (229, IPV6_PACKET, bytes(12) + IPV6 + IPV6_PACKET),
    "cooked": (113, COOKED_BYTES_BEFORE_PROTOCOL + IPV4 + IPV4_PACKET, bytes(12) + IPV4 + IPV4_PACKET),
    "cooked ARP": (113, COOKED_BYTES_BEFORE_PROTOCOL + ARP + b"arp", bytes(12) + ARP + b"arp"),
    "cooked VLAN": (
        113,
        COOKED_BYTES_BEFORE_PROTOCOL + b"\x81\x00\x00\x07" + IPV4 + IPV4_PACKET,
        bytes(12) + b"\x81\x00\x00\x07" + IPV4 + IPV4_PACKET,
    ),
    "cooked, cut short": (113, bytes(9), bytes(14)),
    "cooked v2": (276, IPV6 + COOKED2_BYTES_BEHIND_PROTOCOL + IPV6_PACKET, bytes(12) + IPV6 + IPV6_PACKET),
    "null of a little-endian machine": (0, b"\2\0\0\0" + IPV4_PACKET, bytes(12) + IPV4 + IPV4_PACKET),
    "null of a big-endian machine": (0, b"\0\0\0\2" + IPV4_PACKET, bytes(12) + IPV4 + IPV4_PACKET),
    "null, IPv6 of NetBSD": (0, b"\x18\0\0\0" + IPV6_PACKET, bytes(12) + IPV6 + IPV6_PACKET),
    "null, IPv6 of FreeBSD": (0, b"\x1c\0\0\0" + IPV6_PACKET, bytes(12) + IPV6 + IPV6_PACKET),
    "null, IPv6 of macOS": (0, b"\x1e\0\0\0" + IPV6_PACKET, bytes(12) + IPV6 + IPV6_PACKET),
    "null of another family": (0, b"\7\0\0\0osi", bytes(14) + b"osi"),
    "loop": (108, b"\0\0\0\2" + IPV4_PACKET, bytes(12) + IPV4 + IPV4_PACKET),
    "shorter than an Ethernet header": (1, b"short", b"short" + bytes(9)),
    "of no bytes": (1, b"", bytes(14)),
}


@pytest.mark.parametrize(("link", "content", "frame"), FRAMES.values(), ids=FRAMES)
def test_a_packet_becomes_a_frame(link: int, content: bytes, frame: bytes) -> None:
    assert ethernet_frame(link, content) == frame


def test_another_link_type_is_refused_by_its_number() -> None:
    with pytest.raises(UnsupportedLinkError, match=r"^link type 147 is not supported$"):
        ethernet_frame(147, b"whatever")
