"""Packets of any supported link type as the Ethernet frames that the program reads.

Link types and their headers: https://www.tcpdump.org/linktypes.html.
"""

from collections.abc import Callable

ETHERNET_HEADER_BYTES = 14
ADDRESSES = bytes(12)  # the two MAC addresses that a packet of another link type has not

IPV4, IPV6 = bytes.fromhex("0800"), bytes.fromhex("86dd")

# The address families of the systems that write null and loop captures; IPv6's is that of NetBSD and OpenBSD,
# of FreeBSD, of macOS.
BSD_AF_INET, BSD_AF_INET6 = 2, (24, 28, 30)


class UnsupportedLinkError(ValueError):
    """No frame can be made of packets of this link type."""


def _ethernet(content: bytes) -> bytes:
    return content


def _raw(content: bytes) -> bytes:
    """Raw IP: the version field tells which."""
    return ADDRESSES + (IPV6 if content[:1] and content[0] >> 4 == 6 else IPV4) + content


def _raw4(content: bytes) -> bytes:
    return ADDRESSES + IPV4 + content


def _raw6(content: bytes) -> bytes:
    return ADDRESSES + IPV6 + content


def _cooked(content: bytes) -> bytes:
    """Linux cooked v1: 16 bytes, the protocol in the last two."""
    return ADDRESSES + content[14:]


def _cooked2(content: bytes) -> bytes:
    """Linux cooked v2: 20 bytes, the protocol in the first two."""
    return ADDRESSES + content[:2] + content[20:]


def _loopback(content: bytes) -> bytes:
    """Null and loop: an address family in four bytes, of the capturing machine's byte order in null."""
    family = min(int.from_bytes(content[:4], "little"), int.from_bytes(content[:4], "big"))
    ethertype = IPV4 if family == BSD_AF_INET else IPV6 if family in BSD_AF_INET6 else bytes(2)
    return ADDRESSES + ethertype + content[4:]


FRAMES: dict[int, Callable[[bytes], bytes]] = {
    0: _loopback,  # NULL
    1: _ethernet,
    12: _raw,  # DLT_RAW of most systems, which some writers put in a file
    14: _raw,  # DLT_RAW of OpenBSD
    101: _raw,
    108: _loopback,  # LOOP
    113: _cooked,
    228: _raw4,
    229: _raw6,
    276: _cooked2,
}


def ethernet_frame(link: int, content: bytes) -> bytes:
    """Return the packet as a frame, which has an Ethernet header at least: the kernel runs no shorter one.

    A shorter one is padded with zeros: its ethertype is then 0, which is no protocol.

    Raises:
        UnsupportedLinkError: no such link type is known here.
    """
    try:
        frame = FRAMES[link](content)
    except KeyError:
        raise UnsupportedLinkError(f"link type {link} is not supported") from None
    return frame.ljust(ETHERNET_HEADER_BYTES, b"\0")
