"""The program knows each protocol from the first packet of a real client, as `make matrix` has recorded it."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from control.datapath.probe.probe import Probe
from control.protocols import ALWAYS_REFUSABLE
from lab.matrix.captures import MOST_BYTES, name_of, read
from lab.matrix.frame import TCP, UDP, Headers, first_of_client, headers
from lab.matrix.row import NONE, MatrixRow
from lab.matrix.rows import GROUPS

CAPTURES = Path(__file__).parent / "captures"
ROWS = {CAPTURES / group / name_of(row.name): row for group, rows in GROUPS.items() for row in rows if row.recorded}
RECORDED = {file: row for file, row in ROWS.items() if file.exists()}
VPN = [(file, row) for file, row in RECORDED.items() if not row.negative]
NEGATIVE = [file for file, row in RECORDED.items() if row.negative]
# Rows of which nothing is recorded yet: they lack what the machines that build this lack.
UNRECORDED = {"wireguard of the kernel v4", "wireguard of the kernel v6", "libreswan ikev2 in tcp"}
_ETHERNET = 14
_RIGHT = 0xFFFF


def test_every_row_has_a_capture_and_every_capture_a_row() -> None:
    assert set(RECORDED) == set(CAPTURES.rglob("*.pcap"))
    assert {row.name for row in ROWS.values()} - {row.name for row in RECORDED.values()} == UNRECORDED


@pytest.mark.parametrize(("file", "row"), VPN, ids=[file.stem for file, _ in VPN])
def test_a_client_is_known_by_its_first_packet(prober: Probe, file: Path, row: MatrixRow) -> None:
    said = prober.probe(first_of_client(read(file)))
    assert said.protocol == row.protocol
    assert said.handshake is (row.protocol not in ALWAYS_REFUSABLE)


@pytest.mark.parametrize("file", NEGATIVE, ids=[file.stem for file in NEGATIVE])
def test_what_does_not_say_what_it_is_is_nothing(prober: Probe, file: Path) -> None:
    assert {prober.probe(frame.content).protocol for frame in read(file)} == {NONE}


def test_the_captures_are_small_and_tell_of_nobody() -> None:
    for file in RECORDED:
        assert file.stat().st_size <= MOST_BYTES
        assert read(file), "and all its ends are of documentation"


def test_their_checksums_are_right() -> None:
    """Or what is asked of the kernel is not what a card would have passed on."""
    assert {file.name: wrong for file in RECORDED if (wrong := _wrong(file))} == {}


def _wrong(file: Path) -> list[int]:
    """Which packets have a wrong checksum."""
    return [place for place, frame in enumerate(read(file), 1) if not _is_right(frame.content)]


def _is_right(frame: bytes) -> bool:
    found = headers(frame)
    assert found is not None
    header_is_right = found.version == 6 or _sum(frame[_ETHERNET : found.transport]) == _RIGHT
    if found.protocol not in (TCP, UDP) or _is_fragment(frame, found):
        return header_is_right
    at, size = found.addresses
    segment = frame[found.transport : found.end]
    if found.protocol == UDP and segment[6:8] == bytes(2):
        return header_is_right  # there is none
    return (
        header_is_right
        and _sum(frame[at : at + 2 * size] + struct.pack("!HH", len(segment), found.protocol) + segment) == _RIGHT
    )


def _is_fragment(frame: bytes, found: Headers) -> bool:
    """Whether it is a part of what the checksum is over."""
    if found.version == 6:
        return found.transport > _ETHERNET + 40
    return bool(int.from_bytes(frame[_ETHERNET + 6 : _ETHERNET + 8]) & 0x3FFF)


def _sum(content: bytes) -> int:
    """RFC 1071's, over all words and the checksum among them."""
    even = content + bytes(len(content) % 2)
    value = sum(int.from_bytes(even[at : at + 2]) for at in range(0, len(even), 2))
    while value >> 16:
        value = (value & 0xFFFF) + (value >> 16)
    return value
