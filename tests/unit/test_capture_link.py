"""Packets of each link type as Ethernet frames; 802.11 is in test_capture_wireless.py."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from control.replay.link import FRAMES as READ
from control.replay.link import UnsupportedLinkError, ethernet_frame
from control.replay.link_names import NAMES

IPV4_PACKET, IPV6_PACKET = b"\x45 an IPv4 packet", b"\x60 an IPv6 packet"
IPV4, IPV6, ARP = b"\x08\x00", b"\x86\xdd", b"\x08\x06"
PPPOE, MPLS, MPLS_MULTICAST, NOTHING = b"\x88\x64", b"\x88\x47", b"\x88\x48", b"\0\0"
LABEL = b"\x00\x01\x01\x40"  # 16, the last of its stack
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
    "PPP": (9, b"\x00\x21" + IPV4_PACKET, bytes(12) + IPV4 + IPV4_PACKET),
    "PPP, IPv6": (9, b"\x00\x57" + IPV6_PACKET, bytes(12) + IPV6 + IPV6_PACKET),
    "PPP with a compressed protocol field": (9, b"\x21" + IPV4_PACKET, bytes(12) + IPV4 + IPV4_PACKET),
    "PPP in HDLC-like framing": (9, b"\xff\x03\x00\x57" + IPV6_PACKET, bytes(12) + IPV6 + IPV6_PACKET),
    "PPP in HDLC-like framing, compressed": (50, b"\xff\x03\x57" + IPV6_PACKET, bytes(12) + IPV6 + IPV6_PACKET),
    "PPP with MPLS": (9, b"\x02\x81" + LABEL + IPV4_PACKET, bytes(12) + MPLS + LABEL + IPV4_PACKET),
    "PPP with multicast MPLS": (9, b"\x02\x83" + LABEL, bytes(12) + MPLS_MULTICAST + LABEL),
    "PPP with LCP": (9, b"\xc0\x21lcp", bytes(12) + NOTHING + b"lcp"),
    "PPP cut short": (9, b"\x00", bytes(14)),
    "PPP of no bytes": (9, b"", bytes(14)),
    "PPP_HDLC with PPP": (50, b"\xff\x03\x00\x21" + IPV4_PACKET, bytes(12) + IPV4 + IPV4_PACKET),
    "PPP_HDLC with Cisco's HDLC": (50, b"\x0f\x00" + IPV4 + IPV4_PACKET, bytes(12) + IPV4 + IPV4_PACKET),
    "PPP_HDLC with Cisco's HDLC to many": (50, b"\x8f\x00" + IPV6 + IPV6_PACKET, bytes(12) + IPV6 + IPV6_PACKET),
    "PPP_ETHER": (
        51,
        b"\x11\0\0\1\0\x12\0\x21" + IPV4_PACKET,
        bytes(12) + PPPOE + b"\x11\0\0\1\0\x12\0\x21" + IPV4_PACKET,
    ),
    "C_HDLC": (104, b"\x0f\x00" + IPV4 + IPV4_PACKET, bytes(12) + IPV4 + IPV4_PACKET),
    "C_HDLC with MPLS": (104, b"\x0f\x00" + MPLS + LABEL, bytes(12) + MPLS + LABEL),
    "C_HDLC with PPP": (104, b"\xff\x03\x00\x21" + IPV4_PACKET, bytes(12) + IPV4 + IPV4_PACKET),
    "C_HDLC with a keepalive": (104, b"\x8f\x00\x80\x35slarp", bytes(12) + b"\x80\x35slarp"),
    "C_HDLC cut short": (104, b"\x0f", bytes(14)),
    "PPP_PPPD, sent": (166, b"\x01\x03\x00\x21" + IPV4_PACKET, bytes(12) + IPV4 + IPV4_PACKET),
    "PPP_PPPD, received": (166, b"\x00\x03\x57" + IPV6_PACKET, bytes(12) + IPV6 + IPV6_PACKET),
    "PPP_WITH_DIR": (204, b"\x01\x00\x21" + IPV4_PACKET, bytes(12) + IPV4 + IPV4_PACKET),
    "PPP_WITH_DIR, HDLC-like": (204, b"\x00\xff\x03\x00\x21" + IPV4_PACKET, bytes(12) + IPV4 + IPV4_PACKET),
    "C_HDLC_WITH_DIR": (205, b"\x01\x0f\x00" + IPV6 + IPV6_PACKET, bytes(12) + IPV6 + IPV6_PACKET),
    "MPLS": (219, LABEL + IPV4_PACKET, bytes(12) + MPLS + LABEL + IPV4_PACKET),
    "PPI with Ethernet": (
        192,
        b"\0\0\x0c\0\1\0\0\0" + b"more" + b"destinsource" + ARP + b"x",
        b"destinsource" + ARP + b"x",
    ),
    "PPI with raw IP": (192, b"\0\0\x08\0\x65\0\0\0" + IPV4_PACKET, bytes(12) + IPV4 + IPV4_PACKET),
    "PPI in PPI, which is none": (192, b"\0\0\x08\0\xc0\0\0\0" * 3000, bytes(14)),
    "PPI whose header has no length": (192, b"\0\0\0\0\1\0\0\0" + IPV4_PACKET, bytes(14)),
    "PPI of no bytes": (192, b"", bytes(14)),
    "shorter than an Ethernet header": (1, b"short", b"short" + bytes(9)),
    "of no bytes": (1, b"", bytes(14)),
}


@pytest.mark.parametrize(("link", "content", "frame"), FRAMES.values(), ids=FRAMES)
def test_a_packet_becomes_a_frame(link: int, content: bytes, frame: bytes) -> None:
    assert ethernet_frame(link, content) == frame


@pytest.mark.parametrize(
    ("link", "words"),
    [
        (189, "link type 189 (USB_LINUX, USB of Linux) is not read"),
        (147, "link type 147 (USER0, private use) is not read"),
        (999, "link type 999 (a number that tcpdump.org does not list) is not read"),
        (None, "packets of an interface that the file does not describe are not read"),
    ],
)
def test_what_is_not_read_is_said_in_words(link: int | None, words: str) -> None:
    with pytest.raises(UnsupportedLinkError) as refused:
        ethernet_frame(link, b"whatever")
    assert str(refused.value) == words


def test_a_link_type_is_either_read_or_named() -> None:
    assert not READ.keys() & NAMES.keys()
    assert len(NAMES) > 150


def test_what_ppi_has_within_is_said_in_words_too() -> None:
    with pytest.raises(UnsupportedLinkError, match="USB of Linux"):
        ethernet_frame(192, b"\0\0\x08\0\xbd\0\0\0usb")


@given(st.sampled_from(sorted(READ)), st.binary(max_size=80))
def test_any_bytes_become_a_frame_or_are_said_to_be_unread(link: int, content: bytes) -> None:
    try:
        assert len(ethernet_frame(link, content)) >= 14
    except UnsupportedLinkError as error:
        assert str(error).endswith("not read")
