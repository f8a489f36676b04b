"""Capture files, sound, odd and damaged: what is read of them, and what is said about the rest."""

import gzip
import io
from pathlib import Path
from struct import pack

import pytest

from control.replay.capture import CaptureSource, DamagedCaptureError, NotACaptureError, Packet, Stream, packets

ETHERNET, RAW = 1, 101
MICROSECONDS, NANOSECONDS = 0xA1B2C3D4, 0xA1B23C4D


def pcap(*records: bytes, order: str = "<", magic: int = MICROSECONDS, link: int = ETHERNET) -> bytes:
    return pack(order + "IHHiIII", magic, 2, 4, 0, 0, 65535, link) + b"".join(records)


def record(content: bytes, length: int | None = None, order: str = "<") -> bytes:
    return pack(order + "IIII", 0, 0, len(content), len(content) if length is None else length) + content


def block(kind: int, body: bytes, order: str = "<") -> bytes:
    padded = body + bytes(-len(body) % 4)
    size = pack(order + "I", len(padded) + 12)
    return pack(order + "I", kind) + size + padded + size


def section(order: str = "<") -> bytes:
    return block(0x0A0D0D0A, pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1), order)


def interface(link: int, cut: int = 0, order: str = "<") -> bytes:
    return block(1, pack(order + "HHI", link, 0, cut), order)


def enhanced(number: int, content: bytes, order: str = "<") -> bytes:
    return block(6, pack(order + "IIIII", number, 0, 0, len(content), len(content)) + content, order)


def old(number: int, content: bytes) -> bytes:
    return block(2, pack("<HHIIII", number, 0, 0, 0, len(content), len(content)) + content)


def simple(content: bytes, length: int) -> bytes:
    return block(3, pack("<I", length) + content)


def read(path: Path, content: bytes) -> tuple[list[Packet], str]:
    """Return the packets of a file with this content, and what is said of its damage."""
    file = path / "file"
    file.write_bytes(content)
    return read_from(file)


def read_from(source: CaptureSource) -> tuple[list[Packet], str]:
    found = []
    try:
        for packet in packets(source):
            found.append(packet)  # noqa: PERF402 - those before the damage count
    except DamagedCaptureError as error:
        return found, str(error)
    return found, ""


ONE, TWO = Packet(ETHERNET, b"one", 3), Packet(ETHERNET, b"second", 6)
LOST = Packet(None, b"lost", 4)

SOUND = {
    "pcap": (pcap(record(b"one"), record(b"second")), [ONE, TWO]),
    "pcap of the other byte order": (pcap(record(b"one", order=">"), order=">"), [ONE]),
    "pcap in nanoseconds": (pcap(record(b"one"), magic=NANOSECONDS), [ONE]),
    "pcap in nanoseconds, of the other byte order": (
        pcap(record(b"one", order=">"), order=">", magic=NANOSECONDS),
        [ONE],
    ),
    "pcap of another link type": (pcap(record(b"one"), link=RAW), [Packet(RAW, b"one", 3)]),
    "pcap with a frame check sequence announced": (pcap(record(b"one"), link=0x44000001), [ONE]),
    "pcap without packets": (pcap(), []),
    "pcap with a packet of no bytes": (pcap(record(b""), record(b"one")), [Packet(ETHERNET, b"", 0), ONE]),
    "pcap with a packet cut short": (pcap(record(b"one", 1500)), [Packet(ETHERNET, b"one", 1500)]),
    "gzipped pcap": (gzip.compress(pcap(record(b"one"))), [ONE]),
    "pcapng": (section() + interface(ETHERNET) + enhanced(0, b"one") + enhanced(0, b"second"), [ONE, TWO]),
    "pcapng of the other byte order": (
        section(">") + interface(ETHERNET, order=">") + enhanced(0, b"one", ">"),
        [ONE],
    ),
    "pcapng with interfaces of two link types": (
        section() + interface(ETHERNET) + interface(RAW) + enhanced(1, b"raw") + enhanced(0, b"one"),
        [Packet(RAW, b"raw", 3), ONE],
    ),
    "pcapng with two sections, each with its interface and byte order": (
        section() + interface(RAW) + section(">") + interface(ETHERNET, order=">") + enhanced(0, b"one", ">"),
        [ONE],
    ),
    "pcapng with a simple packet": (section() + interface(ETHERNET) + simple(b"one", 3), [ONE]),
    "pcapng with a simple packet cut to the interface's snapshot": (
        section() + interface(ETHERNET, cut=5) + simple(b"fives", 900),
        [Packet(ETHERNET, b"fives", 900)],
    ),
    "pcapng with a snapshot larger than the file": (
        section() + interface(ETHERNET, cut=1 << 31) + simple(b"one", 3),
        [ONE],
    ),
    "pcapng with an obsolete packet block": (section() + interface(ETHERNET) + old(0, b"one"), [ONE]),
    "pcapng with a block of an unknown type": (
        section() + interface(ETHERNET) + block(0x0BAD, b"whatever") + enhanced(0, b"one"),
        [ONE],
    ),
    "pcapng with packets of interfaces that no block describes, between others": (
        section()
        + enhanced(0, b"lost")
        + interface(ETHERNET)
        + enhanced(0, b"one")
        + enhanced(7, b"lost")
        + old(7, b"lost")
        + enhanced(0, b"second"),
        [LOST, ONE, LOST, LOST, TWO],
    ),
    "pcapng with simple packets and no interface": (
        section() + simple(b"lost", 4) + simple(b"lost", 900),
        [LOST, Packet(None, b"lost", 900)],
    ),
    "pcapng without packets": (section(), []),
}

CUT = pcap(record(b"one"), record(b"second"))
NEXT_GENERATION = section() + interface(ETHERNET) + enhanced(0, b"one")

DAMAGED = {
    "a header cut short": (pcap()[:20], [], "the file ends inside its header at byte 20"),
    "a record's header cut short": (CUT[:50], [ONE], "the file ends inside record 2 at byte 50"),
    "a record cut short": (CUT[:-1], [ONE], "the file ends inside record 2 at byte 64"),
    "a record of absurd length": (
        pcap(record(b"one"), pack("<IIII", 0, 0, 1 << 31, 60)),
        [ONE],
        "the file claims a packet of 2147483648 bytes inside record 2 at byte 59",
    ),
    "gzip cut short": (
        gzip.compress(CUT)[:-4],
        [ONE, TWO],
        "the file cannot be read further (Compressed file ended before the end-of-stream marker was reached)"
        " inside record 3 at byte 65",
    ),
    "a block cut short": (NEXT_GENERATION[:-9], [], "the file ends inside record 2 at byte 75"),
    "a block shorter than its frame": (
        NEXT_GENERATION + pack("<II", 6, 8),
        [ONE],
        "the file claims a block of 8 bytes inside record 3 at byte 92",
    ),
    "a block of absurd length": (
        NEXT_GENERATION + pack("<II", 6, 1 << 30),
        [ONE],
        "the file claims a block of 1073741824 bytes inside record 3 at byte 92",
    ),
    "a block that ends with another length": (
        NEXT_GENERATION[:-4] + pack("<I", 40),
        [],
        "the file has a block of 36 bytes that ends as one of 40 inside record 2 at byte 84",
    ),
    "a packet block too small for its fields": (
        section() + interface(ETHERNET) + block(6, bytes(8)),
        [],
        "the file has a block of type 6 of only 8 bytes inside record 2 at byte 68",
    ),
    "a packet larger than its block": (
        section() + interface(ETHERNET) + block(6, pack("<IIIII", 0, 0, 0, 99, 99)),
        [],
        "the file claims a packet of 99 bytes, more than its block has, inside record 2 at byte 80",
    ),
    "a section of no byte order": (
        section()[:8] + bytes(20),
        [],
        "the file has the byte-order magic 00 00 00 00 inside its header at byte 12",
    ),
}


@pytest.mark.parametrize(("content", "expected"), SOUND.values(), ids=SOUND)
def test_a_sound_file_is_read_whole(tmp_path: Path, content: bytes, expected: list[Packet]) -> None:
    assert read(tmp_path, content) == (expected, "")


@pytest.mark.parametrize(("content", "expected"), SOUND.values(), ids=SOUND)
def test_a_stream_is_read_as_a_file_is(content: bytes, expected: list[Packet]) -> None:
    stream = io.BytesIO(content)
    assert read_from(Stream("-", stream)) == (expected, "")
    assert not stream.closed, "it is somebody else's"


def test_a_stream_is_not_gone_back_in() -> None:
    """A pipe cannot: what comes of it comes once, and in order."""

    class Pipe(io.BytesIO):
        def seek(self, *_: int) -> int:
            raise io.UnsupportedOperation("seek")

    whole = pcap(record(b"one"), record(b"second"))
    for content in (whole, gzip.compress(whole), gzip.compress(whole[:30]) + gzip.compress(whole[30:])):
        assert read_from(Stream("-", Pipe(content))) == ([ONE, TWO], "")


def test_packets_come_as_they_are_written() -> None:
    """A stream may go on for days: nothing is read beyond the packet that is asked for."""
    stream = io.BytesIO(pcap(record(b"one"), record(b"second")))
    coming = packets(Stream("-", stream))
    assert next(coming) == ONE
    assert stream.tell() == len(pcap(record(b"one")))


@pytest.mark.parametrize(
    ("captured", "length", "is_cut"), [(b"one", 3, False), (b"one", 4, True), (b"", 60, True), (b"one", 0, False)]
)
def test_a_packet_is_cut_where_the_wire_had_more_of_it(captured: bytes, length: int, is_cut: bool) -> None:
    (packet,), _ = read_from(Stream("-", io.BytesIO(pcap(record(captured, length)))))
    assert packet.is_cut == is_cut


@pytest.mark.parametrize(("content", "expected", "complaint"), DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_file_is_read_up_to_the_damage(
    tmp_path: Path, content: bytes, expected: list[Packet], complaint: str
) -> None:
    assert read(tmp_path, content) == (expected, complaint)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "it is empty"),
        (b"\xd4", "it starts with d4"),
        (b"root:x:0:0:root", "it starts with 72 6f 6f 74"),
        (gzip.compress(b"no capture"), "it starts with 6e 6f 20 63"),
    ],
    ids=["empty", "one byte", "text", "gzipped text"],
)
def test_a_file_of_another_kind_is_no_capture(tmp_path: Path, content: bytes, complaint: str) -> None:
    with pytest.raises(NotACaptureError, match=complaint):
        read(tmp_path, content)


@pytest.mark.parametrize("whole", [CUT, NEXT_GENERATION], ids=["pcap", "pcapng"])
def test_a_file_cut_anywhere_yields_its_whole_packets_only(tmp_path: Path, whole: bytes) -> None:
    every, _ = read(tmp_path, whole)
    for size in range(4, len(whole)):
        found, _ = read(tmp_path, whole[:size])
        assert found == every[: len(found)]
