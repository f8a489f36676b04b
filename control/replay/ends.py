"""Whose packet a frame carries: the outermost IP flow that it belongs to.

The program classifies without saying between whom; this walk, only for naming flows, steps over the same
headers.
"""

import socket
from typing import NamedTuple

VLAN_TAGS = frozenset({0x8100, 0x88A8, 0x9100})  # IEEE 802.1Q, 802.1ad, and QinQ before it
MPLS_LABELS = frozenset({0x8847, 0x8848})  # RFC 5332, section 3
PPPOE_SESSION = 0x8864  # RFC 2516, section 4
IPV4, IPV6 = 0x0800, 0x86DD
NEITHER = 0
PPP_PROTOCOLS = {0x0021: IPV4, 0x0057: IPV6}  # RFC 1332, RFC 5072
VERSIONS = {4: IPV4, 6: IPV6}

# Protocols with ports, and the bytes of header without which a packet is too damaged to belong to a flow
# (RFC 9293, section 3.1; RFC 768).
PORT_HEADERS = {6: 20, 17: 8}

HOP_BY_HOP, ROUTING, FRAGMENT, DESTINATION = 0, 43, 44, 60  # IPv6 extension headers, RFC 8200, section 4
SIZED_EXTENSIONS = frozenset({HOP_BY_HOP, ROUTING, DESTINATION})
MAX_EXTENSIONS = 8


class End(NamedTuple):
    """One end of a flow: a packed address of 4 or 16 bytes, and a port, 0 where the protocol has none."""

    address: bytes
    port: int

    @property
    def host(self) -> str:
        """The address as text (RFC 5952)."""
        return socket.inet_ntop(socket.AF_INET if len(self.address) == 4 else socket.AF_INET6, self.address)


class Ends(NamedTuple):
    """The key of a flow: the IP protocol number and both ends, the lower one (address, then port) first."""

    ip_proto: int
    a: End
    b: End


def ends(frame: bytes) -> Ends | None:
    """Return the flow of an Ethernet frame, or None where it has none: not IP, a later fragment, cut off."""
    ethertype, at = _word(frame, 12), 14
    while True:
        if ethertype == IPV4:
            return _ends4(frame, at)
        if ethertype == IPV6:
            return _ends6(frame, at)
        if ethertype in VLAN_TAGS:
            ethertype, at = _word(frame, at + 2), at + 4
        elif ethertype == PPPOE_SESSION:
            ethertype, at = PPP_PROTOCOLS.get(_word(frame, at + 6), NEITHER), at + 8
        elif ethertype in MPLS_LABELS:
            ethertype, at = _after_labels(frame, at)
        else:
            return None


def _word(frame: bytes, at: int) -> int:
    """Return the two bytes at ``at``; what lies past the end counts as zero."""
    return int.from_bytes(frame[at : at + 2])


def _after_labels(frame: bytes, at: int) -> tuple[int, int]:
    """Return what follows a stack of MPLS labels, and where; the last label has the S bit (RFC 3032)."""
    while at + 4 < len(frame):
        bottom, at = frame[at + 2] & 1, at + 4
        if bottom:
            return VERSIONS.get(frame[at] >> 4, NEITHER), at
    return NEITHER, at


def _ends4(frame: bytes, at: int) -> Ends | None:
    """Return the flow of the IPv4 packet at ``at`` (RFC 791, section 3.1)."""
    if len(frame) < at + 20 or frame[at] >> 4 != 4 or _word(frame, at + 6) & 0x1FFF:
        return None
    header = (frame[at] & 15) * 4
    if header < 20:
        return None
    end = at + (_word(frame, at + 2) or len(frame))  # 0 where the network card cuts the segments
    return _flow(frame[:end], at + header, frame[at + 9], frame[at + 12 : at + 16], frame[at + 16 : at + 20])


def _ends6(frame: bytes, at: int) -> Ends | None:
    """Return the flow of the IPv6 packet at ``at`` (RFC 8200, sections 3 and 4)."""
    if len(frame) < at + 40 or frame[at] >> 4 != 6:
        return None
    protocol, source, destination = frame[at + 6], frame[at + 8 : at + 24], frame[at + 24 : at + 40]
    size = _word(frame, at + 4) or len(frame)  # 0 in a jumbogram
    at += 40
    frame = frame[: at + size]
    for _ in range(MAX_EXTENSIONS):
        if len(frame) < at + 8:
            break
        if protocol in SIZED_EXTENSIONS:
            protocol, at = frame[at], at + 8 + 8 * frame[at + 1]
        elif protocol == FRAGMENT:
            if _word(frame, at + 2) & 0xFFF8:
                return None
            protocol, at = frame[at], at + 8
        else:
            break
    return _flow(frame, at, protocol, source, destination)


def _flow(frame: bytes, at: int, protocol: int, source: bytes, destination: bytes) -> Ends | None:
    """Return the flow between two addresses of the transport packet at ``at``."""
    if protocol not in PORT_HEADERS:
        ports = 0, 0
    elif len(frame) < at + PORT_HEADERS[protocol]:
        return None
    else:
        ports = _word(frame, at), _word(frame, at + 2)
    one, other = End(source, ports[0]), End(destination, ports[1])
    return Ends(protocol, one, other) if one <= other else Ends(protocol, other, one)
