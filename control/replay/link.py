"""Packets of any supported link type as the Ethernet frames that the program reads.

Link types and their headers: https://www.tcpdump.org/linktypes.html.
"""

from collections.abc import Callable

from control.replay import wireless
from control.replay.link_names import spelt
from control.vocabulary import constant

ETHERNET_HEADER_BYTES = 14
ADDRESSES = bytes(12)  # the two MAC addresses that a packet of another link type has not


def _ethertype(name: str) -> bytes:
    return constant(name).to_bytes(2, "big")


IPV4, IPV6 = _ethertype("ETH_P_IP"), _ethertype("ETH_P_IPV6")
MPLS, MPLS_TO_MANY = _ethertype("ETH_P_MPLS_UC"), _ethertype("ETH_P_MPLS_MC")
PPPOE_SESSION = _ethertype("ETH_P_PPP_SES")
NO_PROTOCOL = bytes(2)

# The address families of the systems that write null and loop captures; IPv6's is that of NetBSD and OpenBSD,
# of FreeBSD, of macOS.
BSD_AF_INET, BSD_AF_INET6 = 2, (24, 28, 30)

# By PPP's protocol number: RFC 1332, RFC 5072, and RFC 3032, section 4.3, for MPLS.
PPP_ETHERTYPES = {constant("PPP_IP"): IPV4, constant("PPP_IPV6"): IPV6, 0x0281: MPLS, 0x0283: MPLS_TO_MANY}
HDLC_LIKE = b"\xff\x03"  # PPP's address and control: RFC 1662, section 3.1

PPI_HEADER_BYTES, PPI = 8, 192


class UnsupportedLinkError(ValueError):
    """No frame can be made of packets of this link type, or of this packet."""


def _ethernet(content: bytes) -> bytes:
    return content


def _raw(content: bytes) -> bytes:
    """Raw IP: the version field tells which."""
    return ADDRESSES + (IPV6 if content[:1] and content[0] >> 4 == 6 else IPV4) + content


def _raw4(content: bytes) -> bytes:
    return ADDRESSES + IPV4 + content


def _raw6(content: bytes) -> bytes:
    return ADDRESSES + IPV6 + content


def _mpls(content: bytes) -> bytes:
    return ADDRESSES + MPLS + content


def _pppoe(content: bytes) -> bytes:
    return ADDRESSES + PPPOE_SESSION + content


def _cooked(content: bytes) -> bytes:
    """Linux cooked v1: 16 bytes, the protocol in the last two."""
    return ADDRESSES + content[14:]


def _cooked2(content: bytes) -> bytes:
    """Linux cooked v2: 20 bytes, the protocol in the first two."""
    return ADDRESSES + content[:2] + content[20:]


def _loopback(content: bytes) -> bytes:
    """Null and loop: an address family in four bytes, of the capturing machine's byte order in null."""
    family = min(int.from_bytes(content[:4], "little"), int.from_bytes(content[:4], "big"))
    ethertype = IPV4 if family == BSD_AF_INET else IPV6 if family in BSD_AF_INET6 else NO_PROTOCOL
    return ADDRESSES + ethertype + content[4:]


def _ppp(content: bytes) -> bytes:
    """PPP, in HDLC-like framing or without: a protocol number, of one odd byte where that is agreed upon.

    RFC 1661, sections 2 and 6.5.
    """
    packet = content.removeprefix(HDLC_LIKE)
    size = 1 if packet[:1] and packet[0] & 1 else 2
    return ADDRESSES + PPP_ETHERTYPES.get(int.from_bytes(packet[:size], "big"), NO_PROTOCOL) + packet[size:]


def _ppp_of_pppd(content: bytes) -> bytes:
    """PPP with its direction in the place of the address."""
    return _ppp(HDLC_LIKE + content[2:])


def _hdlc(content: bytes) -> bytes:
    """Cisco's HDLC: address, control, ethertype (RFC 1547, section 4.3.1); or PPP, which has an address of its own."""
    return _ppp(content) if content.startswith(HDLC_LIKE) else ADDRESSES + content[2:]


def _ppp_or_hdlc(content: bytes) -> bytes:
    """PPP in HDLC-like framing or Cisco's HDLC, told apart by their address: unicast or broadcast."""
    return _hdlc(content) if content[:1] in (b"\x0f", b"\x8f") else _ppp(content)


def _directed(framed: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
    """Return how a packet is framed that has its direction, a byte, in front."""
    return lambda content: framed(content[1:])


def _wireless(carried: Callable[[bytes], wireless.WirelessPayload]) -> Callable[[bytes], bytes]:
    """Return how what a packet of 802.11 carries is framed."""
    return lambda content: ADDRESSES + b"".join(carried(content))


def _per_packet(content: bytes) -> bytes:
    """Per-packet information (PPI): version, flags, length and link type of what follows, little-endian."""
    size, link = int.from_bytes(content[2:4], "little"), int.from_bytes(content[4:8], "little")
    if size < PPI_HEADER_BYTES or link == PPI:
        return b""
    return ethernet_frame(link, content[size:])


FRAMES: dict[int, Callable[[bytes], bytes]] = {
    0: _loopback,  # NULL
    1: _ethernet,
    9: _ppp,
    12: _raw,  # DLT_RAW of most systems, which some writers put in a file
    14: _raw,  # DLT_RAW of OpenBSD
    50: _ppp_or_hdlc,  # PPP_HDLC
    51: _pppoe,  # PPP_ETHER
    101: _raw,
    104: _hdlc,  # C_HDLC
    105: _wireless(wireless.plain),  # IEEE802_11
    108: _loopback,  # LOOP
    113: _cooked,
    119: _wireless(wireless.prism),  # IEEE802_11_PRISM
    127: _wireless(wireless.radiotap),  # IEEE802_11_RADIOTAP
    163: _wireless(wireless.avs),  # IEEE802_11_AVS
    166: _ppp_of_pppd,  # PPP_PPPD
    PPI: _per_packet,
    204: _directed(_ppp),  # PPP_WITH_DIR
    205: _directed(_hdlc),  # C_HDLC_WITH_DIR
    219: _mpls,
    228: _raw4,
    229: _raw6,
    276: _cooked2,
}


def ethernet_frame(link: int | None, content: bytes) -> bytes:
    """Return the packet as a frame, which has an Ethernet header at least: the kernel runs no shorter one.

    A shorter one is padded with zeros: its ethertype is then 0, which is no protocol.

    Raises:
        UnsupportedLinkError: no such link type is known here, or what the packet carries cannot be known; the message
            says it of packets in the plural.
    """
    if link is None:
        raise UnsupportedLinkError("packets of an interface that the file does not describe are not read")
    framed = FRAMES.get(link)
    if framed is None:
        raise UnsupportedLinkError(f"{spelt(link)} is not read")
    try:
        frame = framed(content)
    except wireless.UnreadFrameError as error:
        raise UnsupportedLinkError(f"{error} are not read") from None
    return frame.ljust(ETHERNET_HEADER_BYTES, b"\0")
