"""Reading addresses from a million lines at once: numpy over the bytes, for what is written in the usual way.

Whatever is not taken here, for whatever reason, is read again by ``schema.read_row``, which knows the words
for each fault. So a scan may give up on a line, but must never take one that ``read_row`` refuses or reads
otherwise; a property test holds the two against each other.
"""

import socket
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from control.allowlist import columnar, mapped
from control.allowlist.columnar import U8, U32, Columns, Index, Mask
from control.allowlist.entry import Bounds
from control.allowlist.prefix import SPECIAL

NEWLINE, RETURN, COMMA, DOT, SLASH, ZERO, HASH = b"\n\r,./0#"
SPACE = ord(" ")

BLOCK = 1 << 20
"""Bytes read at a time: a block's columns stay in the processor's cache, and blank megabytes need no more."""

ADDRESS = np.frombuffer(b"...\n", np.uint8)  # what of a line is no digit, where it is one address
SEPARATORS = 5  # of an IPv4 prefix: three dots, a slash, and what ends it
IPV6_LENGTHS = {str(length): length for length in range(1, 129)}
FORBIDDEN_IPV4, FORBIDDEN_IPV6 = (
    [(mapped.number_of(net[0]), mapped.number_of(net[-1])) for net, _ in SPECIAL if net.version == version]
    for version in (4, 6)
)
FORBIDDEN_IPV6.append((mapped.FIRST, mapped.LAST))  # which are IPv4, and read so by ``read_row``


@dataclass(frozen=True, slots=True)
class Scan:
    """What was read of a block of lines.

    Attributes:
        starts: offset of each line's first byte.
        ends: offset of each line's newline.
        rows: the lines whose address or prefix was read.
        columns: those prefixes, in the order of ``rows``, without terms.
        rest: which of ``rows`` go on behind a comma.
        left: the lines that were not read, and are neither blank nor comments.
    """

    starts: Index
    ends: Index
    rows: Index
    columns: Columns
    rest: Mask
    left: Index

    def lines(self, block: bytes, rows: Index) -> list[bytes]:
        """Return some of the lines of the block that was read."""
        return [
            block[start:end] for start, end in zip(self.starts[rows].tolist(), self.ends[rows].tolist(), strict=True)
        ]


def lines_of(data: bytes) -> int:
    """Return how many lines there are, the last of which may lack its newline."""
    return data.count(b"\n") + (not data.endswith(b"\n"))


def blocks(data: bytes, start: int = 0) -> Iterator[bytes]:
    """Yield the data from ``start`` on in blocks of whole lines, each of which ends in a newline."""
    while start < len(data):
        end = data.rfind(b"\n", start, start + BLOCK) + 1 or data.find(b"\n", start + BLOCK) + 1 or len(data)
        block = data[start:end]
        yield block if block.endswith(b"\n") else block + b"\n"
        start = end


def scan(block: bytes, bounds: Bounds) -> Scan:
    """Read a block of lines, the last of which ends in a newline too."""
    octets = np.frombuffer(block, np.uint8)
    digits = octets - np.uint8(ZERO)
    separators = np.flatnonzero(digits > 9)
    marks = octets[separators]
    newlines = np.flatnonzero(marks == NEWLINE)
    ends = separators[newlines]
    starts = np.append(0, ends[:-1] + 1)
    found = _single_addresses(digits, separators, marks, bounds)
    if found is None:
        found = _ipv4(octets, starts, ends, separators, np.append(0, newlines[:-1] + 1), bounds)
    rows, columns, rest = found
    left = np.ones(len(ends), np.bool_)
    left[rows] = False
    if left.any():
        left &= (octets[starts] != HASH) & (np.add.reduceat(octets > SPACE, starts) > 0)
    others = np.flatnonzero(left)
    lines = [block[start:end] for start, end in zip(starts[others].tolist(), ends[others].tolist(), strict=True)]
    ipv6, ipv6_columns = _ipv6(lines, bounds)
    left[others[ipv6]] = False
    return Scan(
        starts,
        ends,
        np.concatenate([rows, others[ipv6]]),
        columnar.concatenate(columns, ipv6_columns),
        np.concatenate([rest, [b"," in lines[row] for row in ipv6.tolist()]]).astype(np.bool_),
        np.flatnonzero(left),
    )


def _single_addresses(digits: U8, separators: Index, marks: U8, bounds: Bounds) -> tuple[Index, Columns, Mask] | None:
    """Return what ``_ipv4`` does of lines that are all an IPv4 address and nothing else; None: they are not.

    So are those of nearly every long list, and half of the work is to find out where what is.
    """
    if len(marks) % 4 or (marks.reshape(-1, 4) != ADDRESS).any():
        return None
    width = np.diff(separators, prepend=-1) - 1
    units, tens, hundreds = (digits[separators - n] for n in (1, 2, 3))
    has_tens, has_hundreds = width > 1, width > 2
    number = units + np.uint16(10) * (tens * has_tens) + np.uint16(100) * (hundreds * has_hundreds)
    wrong = (width < 1) | (width > 3) | (number > 255)
    wrong |= has_tens & (np.where(has_hundreds, hundreds, tens) == 0)
    addresses = number.astype(np.uint8).view(">u4").astype(np.uint32)
    good = ~wrong.reshape(-1, 4).any(axis=1)
    columns = columnar.of_ipv4(addresses)
    good &= _lawful(columns, mapped.length_of(bounds.ipv4, 4), FORBIDDEN_IPV4)
    return np.flatnonzero(good), columns if good.all() else columns.take(good), np.zeros(int(good.sum()), np.bool_)


def _ipv4(
    octets: U8, starts: Index, ends: Index, separators: Index, first: Index, bounds: Bounds
) -> tuple[Index, Columns, Mask]:
    """Return the lines that begin with an IPv4 prefix, the prefixes, and which of the lines go on.

    ``separators`` are the offsets of all bytes that are no digits, ``first`` counts to each line's first.
    """
    separators = np.append(separators, np.repeat(separators[-1:], SEPARATORS))
    rows = np.flatnonzero(np.logical_and.reduce([octets[separators[first + n]] == DOT for n in range(3)]))
    at = [separators[first[rows] + n] for n in range(SEPARATORS)]
    slashed = octets[at[3]] == SLASH
    stop = np.where(slashed, at[4], at[3])
    stopped_by = octets[stop]
    good = (stopped_by == NEWLINE) | (stopped_by == COMMA) | ((stopped_by == RETURN) & (stop + 1 == ends[rows]))
    good &= stop <= ends[rows]
    address = np.zeros(len(rows), np.uint32)
    for begin, end in zip([starts[rows], *(each + 1 for each in at[:3])], at, strict=False):
        number, readable = _number(octets, begin, end)
        address = address << np.uint32(8) | number
        good &= readable
    length, readable = _number(octets, at[3] + slashed, at[4])
    good &= ~slashed | (readable & (length >= 1) & (length <= 32))
    lengths = np.where(slashed, length, np.uint32(32)).astype(np.uint8)
    columns = columnar.of_ipv4(address[good], lengths[good])
    lawful = _lawful(columns, mapped.length_of(bounds.ipv4, 4), FORBIDDEN_IPV4)
    return rows[good][lawful], columns.take(lawful), (stopped_by == COMMA)[good][lawful]


def _number(octets: U8, begin: Index, end: Index) -> tuple[U32, Mask]:
    """Return the number written from ``begin`` to before ``end``, and whether it is one from 0 to 255."""
    width = end - begin
    units, tens, hundreds = ((octets[end - n] - np.uint8(ZERO)).astype(np.uint32) for n in (1, 2, 3))
    number = units + 10 * tens * (width > 1) + 100 * hundreds * (width > 2)
    leading_zero = (width > 1) & (octets[begin] == ZERO)
    return number, (width >= 1) & (width <= 3) & (number <= 255) & ~leading_zero


def _ipv6(lines: Sequence[bytes], bounds: Bounds) -> tuple[Index, Columns]:
    """Return which lines begin with an IPv6 prefix, and the prefixes.

    The C library reads an address in a fraction of a microsecond; all other work is numpy's.
    """
    rows, packed, lengths = [], [], []
    for row, line in enumerate(lines):
        address, slash, length_text = line.partition(b",")[0].rstrip(b"\r").decode("latin-1").partition("/")
        length = IPV6_LENGTHS.get(length_text) if slash else 128
        if length and ":" in address:
            try:
                packed.append(socket.inet_pton(socket.AF_INET6, address))
            except (OSError, ValueError):  # the latter for a NUL, with which the C library would end the text
                continue
            rows.append(row)
            lengths.append(length)
    words = np.frombuffer(b"".join(packed), ">u8").astype(np.uint64).reshape(-1, 2)
    terms = np.zeros(len(rows), np.uint32)
    columns = Columns(words[:, 0].copy(), words[:, 1].copy(), np.array(lengths, np.uint8), terms)
    lawful = _lawful(columns, bounds.ipv6, FORBIDDEN_IPV6)
    return np.array(rows, np.intp)[lawful], columns.take(lawful)


def _lawful(columns: Columns, shortest: int, forbidden: Sequence[tuple[int, int]]) -> Mask:
    """Return which prefixes a list may hold: as ``prefix.read_prefix`` decides, without its words."""
    lawful = (columns.length >= shortest) & ~columnar.have_host_bits(columns)
    for first, last in forbidden:
        lawful &= ~columnar.overlap(columns, first, last)
    return lawful
