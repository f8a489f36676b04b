"""The datagrams and TCP segments of a capture, read without the program: from the IP header on, a few lines a header.

It shares the reading of files with ``wicket replay``, and nothing with the classifier: what is found here is what the
classifier is measured by.
"""

from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from typing import NamedTuple

from control.replay.capture import DamagedCaptureError, NotACaptureError, packets
from control.replay.link import UnsupportedLinkError, ethernet_frame

TCP, UDP = 6, 17
VLAN_TAGS = (0x8100, 0x88A8, 0x9100)
IPV4, IPV6, PPPOE, MPLS = 0x0800, 0x86DD, 0x8864, (0x8847, 0x8848)
PPP_IPV4, PPP_IPV6 = 0x0021, 0x0057
EXTENSIONS = (0, 43, 60)  # hop-by-hop, routing, destination options; of 8 bytes, and 8 more a unit of their length
FRAGMENT, AUTHENTICATION = 44, 51


class End(NamedTuple):
    """An address, as its bytes, and a port; 0 where there are none."""

    address: bytes
    port: int

    def __str__(self) -> str:
        return f"{ip_address(self.address)} port {self.port}"


class Segment(NamedTuple):
    """What an IP packet carries.

    Attributes:
        ip_proto: the number of the protocol above IP.
        source, destination: the ends.
        sequence: TCP's number of the first byte; 0 otherwise.
        payload: of TCP or UDP, or all behind the IP header; what was captured of it.
        length: its bytes on the wire; more than the payload's of a packet that was cut when captured.
        opens: whether it is a TCP segment with SYN.
    """

    ip_proto: int
    source: End
    destination: End
    sequence: int
    payload: bytes
    length: int
    opens: bool = False


def segments(path: Path) -> Iterator[Segment]:
    """Yield what can be read of a capture, in its order; later fragments and what is not IP are left out."""
    try:
        for packet in packets(path):
            try:
                frame = ethernet_frame(packet.link, packet.content)
            except UnsupportedLinkError:
                continue
            segment = _behind_ethernet(frame)
            if segment is not None:
                yield segment
    except (DamagedCaptureError, NotACaptureError):
        return


def _behind_ethernet(frame: bytes) -> Segment | None:
    kind, at = _number(frame, 12), 14
    while kind in VLAN_TAGS:
        kind, at = _number(frame, at + 2), at + 4
    if kind == PPPOE:
        kind = {PPP_IPV4: IPV4, PPP_IPV6: IPV6}.get(_number(frame, at + 6), 0)
        at += 8
    elif kind in MPLS:
        while at + 4 <= len(frame) and not frame[at + 2] & 1:  # the bottom of the stack, RFC 3032, 2.1
            at += 4
        at += 4
        kind = {4: IPV4, 6: IPV6}.get(frame[at] >> 4, 0) if at < len(frame) else 0
    if kind == IPV4 and len(frame) >= at + 20:
        return _ipv4(frame[at:])
    if kind == IPV6 and len(frame) >= at + 40:
        return _ipv6(frame[at:])
    return None


def _ipv4(packet: bytes) -> Segment | None:
    start, total = (packet[0] & 15) * 4, _number(packet, 2)
    if packet[0] >> 4 != 4 or start < 20 or total < start or _number(packet, 6) & 0x1FFF:
        return None
    return _transport(packet[9], packet[12:16], packet[16:20], packet[start:total], total - start)


def _ipv6(packet: bytes) -> Segment | None:
    following, at, end = packet[6], 40, 40 + _number(packet, 4)
    if packet[0] >> 4 != 6:
        return None
    while following in (*EXTENSIONS, FRAGMENT):
        if at + 8 > min(end, len(packet)) or (following == FRAGMENT and _number(packet, at + 2) & 0xFFF8):
            return None
        size = 8 if following == FRAGMENT else (packet[at + 1] + 1) * 8
        following, at = packet[at], at + size
    return _transport(following, packet[8:24], packet[24:40], packet[at:end], max(end - at, 0))


def _transport(ip_proto: int, source: bytes, destination: bytes, content: bytes, length: int) -> Segment | None:
    if ip_proto not in (TCP, UDP):
        return Segment(ip_proto, End(source, 0), End(destination, 0), 0, content, length)
    if len(content) < (20 if ip_proto == TCP else 8):
        return None
    ends = End(source, _number(content, 0)), End(destination, _number(content, 2))
    if ip_proto == UDP:
        size = max(min(_number(content, 4), length), 8)  # a first fragment ends before the datagram does
        return Segment(ip_proto, *ends, 0, content[8:size], size - 8)
    start, sequence = (content[12] >> 4) * 4, int.from_bytes(content[4:8], "big")
    opens = bool(content[13] & 2)
    return Segment(ip_proto, *ends, (sequence + opens) & 0xFFFFFFFF, content[start:], length - start, opens)


def _number(content: bytes, at: int) -> int:
    """Return the 16 bits at a place; 0 beyond the end."""
    return int.from_bytes(content[at : at + 2], "big") if len(content) >= at + 2 else 0
