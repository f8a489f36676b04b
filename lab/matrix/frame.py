"""What an Ethernet frame of the lab has in its headers; only what the matrix asks of them."""

from __future__ import annotations

import ipaddress
import struct
from collections.abc import Iterable
from dataclasses import dataclass

TCP, UDP = 6, 17
_ETHERNET = 14
_IPV4, _IPV6 = 0x0800, 0x86DD
_FRAGMENT = 44  # IPv6's header of fragments, RFC 8200, section 4.5


@dataclass(frozen=True)
class Frame:
    """A frame between the two of a row, and whether it goes to the server."""

    content: bytes
    to_server: bool


@dataclass(frozen=True)
class Headers:
    """Where things are.

    Attributes:
        version: of IP.
        source, target: addresses, as text.
        addresses: where the two stand, and their bytes.
        protocol: behind the fragment header, if there is one.
        transport: where its header begins; of a later fragment, where the rest of the payload does.
        later: whether it is a fragment after the first.
        end: of the IP packet.
    """

    version: int
    source: str
    target: str
    addresses: tuple[int, int]
    protocol: int
    transport: int
    later: bool
    end: int


def headers(frame: bytes) -> Headers | None:
    """Read them; None when it is not IP."""
    (kind,) = struct.unpack_from("!H", frame, 12)
    if kind == _IPV4:
        length, offset = struct.unpack_from("!H2xH", frame, _ETHERNET + 2)
        at, size, version = _ETHERNET + 12, 4, 4
        protocol, transport, later = frame[23], _ETHERNET + 4 * (frame[14] & 15), bool(offset & 0x1FFF)
        end = _ETHERNET + length
    elif kind == _IPV6:
        at, size, version = _ETHERNET + 8, 16, 6
        protocol, transport, later = frame[20], _ETHERNET + 40, False
        end = transport + int.from_bytes(frame[18:20])
        if protocol == _FRAGMENT:
            protocol, offset = struct.unpack_from("!BxH", frame, transport)
            transport, later = transport + 8, bool(offset & 0xFFF8)
    else:
        return None
    source, target = (str(ipaddress.ip_address(frame[here : here + size])) for here in (at, at + size))
    return Headers(version, source, target, (at, size), protocol, transport, later, end)


def is_tcps_own(frame: bytes) -> bool:
    """Whether it is a TCP segment without a payload."""
    read = headers(frame)
    if read is None or read.protocol != TCP:
        return False
    return read.transport + 4 * (frame[read.transport + 12] >> 4) >= read.end


def first_of_client(frames: Iterable[Frame]) -> bytes:
    """The client's first frame with anything for the server in it: not one of TCP's own; b"" where there is none."""
    return next((frame.content for frame in frames if frame.to_server and not is_tcps_own(frame.content)), b"")
