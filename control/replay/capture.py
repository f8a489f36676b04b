"""Captures as packets: pcap and pcapng, of a file or a stream, read as far as they can be read, saying where that ends.

Own code, because no library does all of it. dpkt 1.9.8 keeps one link type for a whole pcapng file. scapy's
readers take a damaged record for the end of the file, and are GPL. python-pcapng reads no pcap. The formats
are small: pcap is draft-ietf-opsawg-pcap, pcapng draft-ietf-opsawg-pcapng.
"""

import gzip
import zlib
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from struct import Struct
from typing import BinaryIO, Literal, NamedTuple, Protocol, cast

ByteOrder = Literal["<", ">"]

# What a file starts with. Micro- and nanosecond pcap differ in the times alone, which nothing here needs.
PCAP_MAGICS: dict[bytes, ByteOrder] = {
    bytes.fromhex("a1b2c3d4"): ">",
    bytes.fromhex("a1b23c4d"): ">",
    bytes.fromhex("d4c3b2a1"): "<",
    bytes.fromhex("4d3cb2a1"): "<",
}
PCAPNG_MAGIC = bytes.fromhex("0a0d0d0a")  # a section header block's type, the same in either byte order
BYTE_ORDER_MAGICS: dict[bytes, ByteOrder] = {bytes.fromhex("1a2b3c4d"): ">", bytes.fromhex("4d3c2b1a"): "<"}
GZIP_MAGIC = bytes.fromhex("1f8b")

INTERFACE, OLD_PACKET, SIMPLE_PACKET, ENHANCED_PACKET = 1, 2, 3, 6  # pcapng's block types
LEAST_BODY = {INTERFACE: 8, OLD_PACKET: 20, SIMPLE_PACKET: 4, ENHANCED_PACKET: 20}

LINK_TYPE_BITS = 0xFFFF  # of pcap's field; those above them tell of a frame check sequence

# Longer ones come from damage: libpcap's largest snapshot, and the largest block that it takes.
MAX_PACKET = 256 << 10
MAX_BLOCK = 16 << 20


class Stream(NamedTuple):
    """A capture that is read from its beginning as it comes, and never gone back in: standard input.

    Attributes:
        name: by which it is told from files.
        content: gives as many bytes as it is asked for, unless it ends, as a buffered reader does.
    """

    name: str
    content: BinaryIO


CaptureSource = Path | Stream
"""Where a capture is read from."""


class NotACaptureError(ValueError):
    """The file is neither pcap nor pcapng."""


class DamagedCaptureError(ValueError):
    """The file cannot be read beyond the place that the message names."""


class Packet(NamedTuple):
    """A captured packet.

    Attributes:
        link: the link type of the interface that it was captured on (tcpdump.org's LINKTYPE_ numbers); None: of
            one that no block of its file describes.
        content: the bytes captured.
        length: bytes on the wire; more than captured when the capture cuts packets short.
    """

    link: int | None
    content: bytes
    length: int

    @property
    def is_cut(self) -> bool:
        """Whether the capture has less of it than the wire had."""
        return len(self.content) < self.length


class Interface(NamedTuple):
    """An interface of a pcapng section; ``cut`` is the most that it captures of a packet, 0 where that is not said."""

    link: int | None
    cut: int


UNDESCRIBED = Interface(None, 0)


class _Bytes(Protocol):
    """Gives so many bytes, or fewer where it ends."""

    def read(self, size: int, /) -> bytes: ...


class _FromStart:
    """A stream that cannot be gone back in, from its start, although the ``start`` has been looked at."""

    def __init__(self, stream: BinaryIO) -> None:
        self.start = self._ahead = stream.read(len(GZIP_MAGIC))
        self._stream = stream

    def read(self, size: int) -> bytes:
        """Return the next ``size`` bytes, or fewer where it ends."""
        ahead, self._ahead = self._ahead[:size], self._ahead[size:]
        return ahead + self._stream.read(size - len(ahead))


class CaptureBytes:
    """A capture's bytes in order; knows the record and the byte where it stands."""

    def __init__(self, stream: _Bytes) -> None:
        self.stream, self.offset, self.record = stream, 0, 0

    def upto(self, size: int) -> bytes:
        """Return the next ``size`` bytes, or fewer where the file ends."""
        try:
            content = self.stream.read(size)
        except (OSError, EOFError, zlib.error) as error:
            raise self.damage(f"cannot be read further ({error})") from error
        self.offset += len(content)
        return content

    def take(self, size: int) -> bytes:
        """Return the next ``size`` bytes, all of them."""
        content = self.upto(size)
        if len(content) < size:
            raise self.damage("ends")
        return content

    def next_record(self, size: int) -> bytes:
        """Return the first ``size`` bytes of another record, or none where the file ends between records."""
        self.record += 1
        content = self.upto(size)
        if content and len(content) < size:
            raise self.damage("ends")
        return content

    def damage(self, what: str) -> DamagedCaptureError:
        """Return the error for ``what`` happened at the present place."""
        place = f"record {self.record}" if self.record else "its header"
        return DamagedCaptureError(f"the file {what} inside {place} at byte {self.offset}")


def packets(source: CaptureSource) -> Iterator[Packet]:
    """Yield the packets of a capture, gzipped or not, up to its end or to where it is damaged.

    A file is closed afterwards, a stream is not.

    Raises:
        NotACaptureError: it is no capture; nothing was yielded.
        DamagedCaptureError: it cannot be read any further.
        OSError: it cannot be opened.
    """
    with source.open("rb") if isinstance(source, Path) else nullcontext(source.content) as stream:
        whole = _FromStart(stream)
        if whole.start != GZIP_MAGIC:
            yield from _packets(CaptureBytes(whole))
            return
        with gzip.open(cast(BinaryIO, whole)) as inflated:
            yield from _packets(CaptureBytes(inflated))


def _packets(source: CaptureBytes) -> Iterator[Packet]:
    magic = source.upto(len(PCAPNG_MAGIC))
    if magic == PCAPNG_MAGIC:
        return _pcapng(source)
    if magic in PCAP_MAGICS:
        return _pcap(source, PCAP_MAGICS[magic])
    found = f"it starts with {magic.hex(' ')}" if magic else "it is empty"
    raise NotACaptureError(f"not a capture in pcap or pcapng format: {found}")


def _pcap(source: CaptureBytes, order: ByteOrder) -> Iterator[Packet]:
    """Yield the packets after a pcap file's magic (draft-ietf-opsawg-pcap, sections 4 and 5)."""
    link = Struct(order + "16xI").unpack(source.take(20))[0] & LINK_TYPE_BITS
    sizes = Struct(order + "8xII")
    while head := source.next_record(sizes.size):
        captured, length = sizes.unpack(head)
        if captured > MAX_PACKET:
            raise source.damage(f"claims a packet of {captured} bytes")
        yield Packet(link, source.take(captured), length)


def _pcapng(source: CaptureBytes) -> Iterator[Packet]:
    """Yield the packets after a pcapng file's magic (draft-ietf-opsawg-pcapng, section 4)."""
    order = _section(source)
    interfaces: list[Interface] = []
    while head := source.next_record(8):
        if head.startswith(PCAPNG_MAGIC):
            order = _section(source, head[4:])
            interfaces = []
            continue
        kind, size = Struct(order + "II").unpack(head)
        body = _body(source, order, size, before=len(head))
        if len(body) < LEAST_BODY.get(kind, 0):
            raise source.damage(f"has a block of type {kind} of only {len(body)} bytes")
        if kind == INTERFACE:
            interfaces.append(Interface(*Struct(order + "H2xI").unpack_from(body)))
        elif kind in LEAST_BODY:
            yield _packet(source, order, kind, body, interfaces)


def _section(source: CaptureBytes, size: bytes = b"") -> ByteOrder:
    """Read a section header block from behind its type, or its size, and return the section's byte order."""
    size = size or source.take(4)
    magic = source.take(4)
    order = BYTE_ORDER_MAGICS.get(magic)
    if order is None:
        raise source.damage(f"has the byte-order magic {magic.hex(' ')}")
    _body(source, order, Struct(order + "I").unpack(size)[0], before=12)
    return order


def _body(source: CaptureBytes, order: ByteOrder, size: int, *, before: int) -> bytes:
    """Return the body of a block of ``size`` bytes, ``before`` of which were read."""
    if not before + 4 <= size <= MAX_BLOCK or size % 4:
        raise source.damage(f"claims a block of {size} bytes")
    body = source.take(size - before - 4)
    again = Struct(order + "I").unpack(source.take(4))[0]
    if again != size:
        raise source.damage(f"has a block of {size} bytes that ends as one of {again}")
    return body


def _packet(source: CaptureBytes, order: ByteOrder, kind: int, body: bytes, interfaces: list[Interface]) -> Packet:
    """Return the packet of a packet block of any of the three types."""
    if kind == SIMPLE_PACKET:
        number, start, (length,) = 0, 4, Struct(order + "I").unpack_from(body)
    elif kind == ENHANCED_PACKET:
        start, (number, captured, length) = 20, Struct(order + "I8xII").unpack_from(body)
    else:
        start, (number, captured, length) = 20, Struct(order + "H10xII").unpack_from(body)
    link, cut = interfaces[number] if number < len(interfaces) else UNDESCRIBED
    if kind == SIMPLE_PACKET:
        captured = min(length, cut or length) if link is not None else min(length, len(body) - start)
    if captured > len(body) - start:
        raise source.damage(f"claims a packet of {captured} bytes, more than its block has,")
    return Packet(link, body[start : start + captured], length)
