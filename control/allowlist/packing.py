"""A list as bytes, for the agent's socket and for SQLite.

The layout, little-endian: a head (magic, version, counts), the plain IPv4 addresses as 4 bytes each, every
other row, and the table of terms as JSON. A million plain addresses take 4 MB.
"""

import json
import struct

import numpy as np

from control.allowlist import columnar, mapped
from control.allowlist.columnar import U32, Columns
from control.allowlist.entry import MAX_NOTE, MAX_PORT_RANGES, PLAIN, PortRange, Terms
from control.vocabulary import VPN_PROTOCOLS

MAGIC = b"WLST"
VERSION = 1
HEAD = struct.Struct("<4sIIII")  # magic, version, plain IPv4 rows, other rows, bytes of the terms' JSON
ROW = np.dtype([("high", "<u8"), ("low", "<u8"), ("length", "u1"), ("terms", "<u4")])

Parts = tuple[U32, Columns, tuple[Terms, ...]]
"""Plain IPv4 addresses, every other row, and the table of terms of those."""


def pack(plain: U32, others: Columns, table: tuple[Terms, ...]) -> bytes:
    """Return the parts of a list as bytes; equal parts give equal bytes."""
    terms = json.dumps([[each.protocols, each.ports, each.note] for each in table[1:]]).encode()
    rows = np.empty(len(others), ROW)
    for name in ROW.names or ():
        rows[name] = getattr(others, name)
    head = HEAD.pack(MAGIC, VERSION, len(plain), len(others), len(terms))
    return b"".join([head, plain.astype("<u4").tobytes(), rows.tobytes(), terms])


def unpack(data: bytes) -> Parts:
    """Return the parts that ``pack`` wrote.

    Raises:
        ValueError: the bytes are no packed list, are cut short, or break an invariant of the list.
    """
    if len(data) < HEAD.size:
        raise ValueError(f"a packed list has at least {HEAD.size} bytes, not {len(data)}")
    magic, version, plain_count, other_count, terms_size = HEAD.unpack_from(data)
    if (magic, version) != (MAGIC, VERSION):
        raise ValueError(f"not a packed list of version {VERSION}: {magic!r}, version {version}")
    others_at = HEAD.size + 4 * plain_count
    terms_at = others_at + ROW.itemsize * other_count
    if len(data) != terms_at + terms_size:
        raise ValueError(f"a packed list of {terms_at + terms_size} bytes by its head has {len(data)}")
    plain = np.frombuffer(data, "<u4", plain_count, HEAD.size).astype(np.uint32)
    rows = np.frombuffer(data, ROW, other_count, others_at)
    others = Columns(
        rows["high"].astype(np.uint64),
        rows["low"].astype(np.uint64),
        rows["length"].astype(np.uint8),
        rows["terms"].astype(np.uint32),
    )
    table = (PLAIN, *_read_terms(data[terms_at:]))
    if not (_ascend(plain) and _are_sound(others, len(table))):
        raise ValueError("a packed list is out of order or holds a row that no list has")
    return plain, others, table


def _ascend(plain: U32) -> bool:
    """Return whether plain addresses are in order, each once; there is nothing else that could be wrong with one."""
    return bool((plain[1:] > plain[:-1]).all())


def _are_sound(columns: Columns, terms: int) -> bool:
    """Return whether the rows are in order, within their ranges, and count into a table of so many terms."""
    return (
        columnar.are_sorted(columns)
        and bool(((columns.length >= 1) & (columns.length <= mapped.HOST)).all())
        and not (columnar.overlap(columns, mapped.FIRST, mapped.LAST) & (columns.length <= mapped.SHIFT)).any()
        and bool((columns.terms < terms).all())
        and not columnar.have_host_bits(columns).any()
    )


def _read_terms(data: bytes) -> list[Terms]:
    try:
        rows = json.loads(data)
        table = [Terms(tuple(names), tuple((a, b) for a, b in ports), note) for names, ports, note in rows]
        unsound = [terms for terms in table if not _is_term(terms)]
    except (TypeError, ValueError) as error:
        raise ValueError(f"the terms of a packed list are not readable: {error}") from error
    if unsound:
        raise ValueError(f"a packed list holds terms that no list has: {unsound[0]}")
    return table


def _is_term(terms: Terms) -> bool:
    in_order = tuple(name for name in VPN_PROTOCOLS if name in terms.protocols)
    return (
        terms != PLAIN
        and terms.protocols == in_order
        and all(_is_range(ports) for ports in terms.ports)
        and list(terms.ports) == sorted(terms.ports)
        and len(terms.ports) <= MAX_PORT_RANGES
        and isinstance(terms.note, str)
        and len(terms.note) <= MAX_NOTE
    )


def _is_range(ports: PortRange) -> bool:
    first, last = ports
    return type(first) is int and type(last) is int and 1 <= first <= last <= 0xFFFF
