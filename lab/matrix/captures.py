"""The first packets of each row's handshake as a small capture: with addresses of documentation for the lab's own."""

from __future__ import annotations

import ipaddress
import struct
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from control.replay.capture import packets
from lab.matrix.frame import TCP, UDP, Frame, Headers, headers, is_tcps_own

MOST_BYTES = 4000
"""Of a capture."""
_FRAMES = 4  # of each transport: a client's first, and what is said to it
_PCAP = struct.pack("<IHHIIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1)  # draft-ietf-opsawg-pcap: µs, Ethernet
_RECORD = struct.Struct("<IIII")
_MILLISECOND = 1000  # µs
# RFC 5737 and RFC 3849: what stands for the networks of the two sides.
_CLIENTS = {4: ipaddress.ip_network("198.51.100.0/24"), 6: ipaddress.ip_network("2001:db8:16::/64")}
_SERVERS = {4: ipaddress.ip_network("203.0.113.0/24"), 6: ipaddress.ip_network("2001:db8:64::/64")}
_CLIENT_MAC, _SERVER_MAC = bytes.fromhex("020000000001"), bytes.fromhex("020000000002")
_CHECKSUMS = {TCP: 16, UDP: 6}  # where in its header each has one (RFC 9293, section 3.1; RFC 768)


def name_of(row: str) -> str:
    """What the capture of a row is called."""
    return f"{row.replace(' ', '-')}.pcap"


def write(file: Path, frames: Iterable[Frame]) -> None:
    """Keep the first frames of a handshake that fit."""
    content = bytearray(_PCAP)
    for number, frame in enumerate(_chosen(frames)):
        told = _told(frame)
        content += _RECORD.pack(0, number * _MILLISECOND, len(told), len(told)) + told
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)


def read(file: Path) -> list[Frame]:
    """The frames of a capture that was written here.

    Raises:
        OSError: it is not there.
        ValueError: it is no such file: it is damaged, or has other ends than those of documentation.
    """
    return [Frame(packet.content, to_server=_goes_to_server(packet.content)) for packet in packets(file)]


def _goes_to_server(frame: bytes) -> bool:
    if (found := headers(frame)) is None:
        raise ValueError("a frame is not IP")
    ends = ipaddress.ip_address(found.source), ipaddress.ip_address(found.target)
    sides = _CLIENTS[found.version], _SERVERS[found.version]
    if ends[0] in sides[0] and ends[1] in sides[1]:
        return True
    if ends[1] in sides[0] and ends[0] in sides[1]:
        return False
    raise ValueError(f"{found.source} and {found.target} are no client and server of documentation")


def _chosen(frames: Iterable[Frame]) -> Iterator[Frame]:
    seen, size = Counter[int](), len(_PCAP)
    for frame in frames:
        found = headers(frame.content)
        longer = size + _RECORD.size + len(frame.content)
        if found is None or is_tcps_own(frame.content) or seen[found.protocol] >= _FRAMES or longer > MOST_BYTES:
            continue
        seen[found.protocol] += 1
        size = longer
        yield frame


def _told(frame: Frame) -> bytes:
    """The frame with other ends, its checksums as right as before."""
    found = headers(frame.content)
    assert found is not None
    at, size = found.addresses
    told = bytearray(frame.content)
    networks = (_CLIENTS, _SERVERS) if frame.to_server else (_SERVERS, _CLIENTS)
    for place, network in zip((at, at + size), networks, strict=True):
        host = ipaddress.ip_address(bytes(told[place : place + size]))
        prefix = network[found.version]
        told[place : place + size] = prefix[int(host) & int(prefix.hostmask)].packed
    told[0:12] = _SERVER_MAC + _CLIENT_MAC if frame.to_server else _CLIENT_MAC + _SERVER_MAC
    if found.version == 4:
        _mend(told, 24, frame.content, found)
    if found.protocol in _CHECKSUMS and not found.later:
        _mend(told, found.transport + _CHECKSUMS[found.protocol], frame.content, found)
    return bytes(told)


def _mend(told: bytearray, place: int, before: bytes, found: Headers) -> None:
    """Mend a checksum for the addresses that have changed (RFC 1624): the rest of what it sums may be elsewhere."""
    at, size = found.addresses
    words = f"!{size}H"
    (value,) = struct.unpack_from("!H", told, place)
    if not value:  # whoever sent it computed none, as over UDP one may
        return
    value = (~value & 0xFFFF) + sum(~word & 0xFFFF for word in struct.unpack_from(words, before, at))
    value += sum(struct.unpack_from(words, told, at))
    while value >> 16:
        value = (value & 0xFFFF) + (value >> 16)
    struct.pack_into("!H", told, place, ~value & 0xFFFF)
