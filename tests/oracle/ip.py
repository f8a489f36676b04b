"""The outermost IP header, with IPv6's extension headers."""

from typing import NamedTuple

from tests.oracle.said import fragment, truncated, unknown

FRAGMENT_HEADER = 44
# IANA's registry of IPv6 extension headers (RFC 7045): hop-by-hop options, routing, destination options, mobility,
# HIP, shim6. What follows ESP is encrypted, and AH is a protocol of its own here; 253 and 254 are experiments.
OTHER_EXTENSIONS = {0, 43, 60, 135, 139, 140}

MOST_EXTENSIONS = 8
"""Extension headers that are looked behind: docs/kernel.md, "Limits"."""


class Packet(NamedTuple):
    """An IP packet's content.

    Attributes:
        protocol: its number, of IANA's registry.
        at: where it begins in the frame.
        end: where it ends, as the IP header announces it; the frame may end before or after.
    """

    protocol: int
    at: int
    end: int


def packet_in(frame: bytes, version: int, at: int) -> Packet:
    """Return what the IP header at ``at`` carries.

    Raises:
        Unread: the headers are not all there, not of this version, too many, or of a fragment after the first.
    """
    return _of_version4(frame, at) if version == 4 else _of_version6(frame, at)


def _of_version4(frame: bytes, at: int) -> Packet:
    """RFC 791, section 3.1."""
    if len(frame) < at + 20:
        raise truncated()
    if frame[at] >> 4 != 4:
        raise unknown()
    header = 4 * (frame[at] & 15)
    # A length of 0 is what a packet has whose sender left it to the network card.
    total = int.from_bytes(frame[at + 2 : at + 4]) or len(frame) - at
    if header < 20 or total < header or len(frame) < at + header:
        raise truncated()
    if int.from_bytes(frame[at + 6 : at + 8]) & 0x1FFF:  # in units of 8 bytes, below three flags
        raise fragment()
    return Packet(frame[at + 9], at + header, at + total)


def _of_version6(frame: bytes, at: int) -> Packet:
    """RFC 8200, sections 3 and 4."""
    if len(frame) < at + 40:
        raise truncated()
    if frame[at] >> 4 != 6:
        raise unknown()
    length, protocol, here = int.from_bytes(frame[at + 4 : at + 6]), frame[at + 6], at + 40
    end = here + length if length else len(frame)
    extensions = 0
    while protocol == FRAGMENT_HEADER or protocol in OTHER_EXTENSIONS:
        extensions += 1
        if extensions > MOST_EXTENSIONS:
            raise unknown()
        if min(end, len(frame)) < here + 8:
            raise truncated()
        if protocol == FRAGMENT_HEADER:  # of 8 bytes; the offset in units of 8 above three flags (section 4.5)
            size = 8
            if int.from_bytes(frame[here + 2 : here + 4]) >> 3:
                raise fragment()
        else:  # in units of 8 bytes, the first not counted
            size = 8 + 8 * frame[here + 1]
            if min(end, len(frame)) < here + size:
                raise truncated()
        protocol, here = frame[here], here + size
    return Packet(protocol, here, end)
