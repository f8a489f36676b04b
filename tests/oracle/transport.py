"""UDP and TCP: ports, and where the payload is."""

from typing import NamedTuple

from tests.oracle.ip import Packet
from tests.oracle.said import truncated


class Payload(NamedTuple):
    """What a transport header carries.

    Attributes:
        ports: the source's and the destination's.
        data: its bytes, as far as the frame has them.
        length: in bytes, as the headers announce it.
    """

    ports: tuple[int, int]
    data: bytes
    length: int


def datagram(frame: bytes, packet: Packet) -> Payload:
    """A UDP datagram, RFC 768: its own length counts, so that a first fragment tells of the whole.

    Raises:
        Unread: its header is not all there, or its length is less than the header's.
    """
    header = _header(frame, packet, 8)
    length = int.from_bytes(header[4:6]) - 8
    if length < 0:
        raise truncated()
    return _payload(frame, header, packet.at + 8, length)


def segment(frame: bytes, packet: Packet) -> Payload:
    """A TCP segment, RFC 9293, section 3.1: as long as IP says.

    Raises:
        Unread: its header, options too, is not all there, or its length is less than it can be.
    """
    header = _header(frame, packet, 20)
    at = packet.at + 4 * (header[12] >> 4)
    if at < packet.at + 20 or min(packet.end, len(frame)) < at:
        raise truncated()
    return _payload(frame, header, at, packet.end - at)


def _header(frame: bytes, packet: Packet, size: int) -> bytes:
    if min(packet.end, len(frame)) < packet.at + size:
        raise truncated()
    return frame[packet.at : packet.at + size]


def _payload(frame: bytes, header: bytes, at: int, length: int) -> Payload:
    ports = int.from_bytes(header[0:2]), int.from_bytes(header[2:4])
    return Payload(ports, frame[at : at + length], length)
