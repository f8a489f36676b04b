"""The rows of a list as numpy columns: their order and merge, without a Python object for a row.

A column that does not vary is kept as one value (control/allowlist/column.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from control.allowlist import column, mapped
from control.allowlist.column import Column

U8 = NDArray[np.uint8]
U32 = NDArray[np.uint32]
U64 = NDArray[np.uint64]
Index = NDArray[np.intp]
Mask = NDArray[np.bool_]


_HIGH_OF_IPV4, _HOST, _PLAIN = np.zeros(1, np.uint64), np.full(1, mapped.HOST, np.uint8), np.zeros(1, np.uint32)


@dataclass(frozen=True, slots=True)
class Columns:
    """One row a prefix, in columns of equal length; in a list they are sorted by (high, low, length).

    Attributes:
        high: upper 64 bits of the address, IPv4 as control/allowlist/mapped.py says.
        low: lower 64 bits of the address.
        length: prefix length, 1 to 128, among those of IPv6.
        terms: index into the list's table of terms.
    """

    high: U64
    low: U64
    length: U8
    terms: U32

    def __post_init__(self) -> None:
        for each in (self.high, self.low, self.length, self.terms):
            each.setflags(write=False)

    def __len__(self) -> int:
        return len(self.high)

    def all(self) -> tuple[Column, ...]:
        """Return the columns in their order."""
        return self.high, self.low, self.length, self.terms

    def take(self, rows: Index | Mask | slice) -> "Columns":
        """Return the chosen rows, in the order asked for."""
        low, taken = self.low[rows], column.taken
        count = len(low)
        return Columns(
            taken(self.high, rows, count), low, taken(self.length, rows, count), taken(self.terms, rows, count)
        )

    def count_terms(self) -> int:
        """Return how many rows have terms."""
        return int(np.count_nonzero(self.terms))

    def with_terms(self, terms: U32) -> "Columns":
        """Return the same prefixes with other terms."""
        return Columns(self.high, self.low, self.length, terms)


@cache
def empty() -> Columns:
    """Return no rows."""
    return of_ipv4(np.empty(0, np.uint32))


def of_ipv4(addresses: U32, lengths: U8 | None = None, terms: U32 | None = None) -> Columns:
    """Return IPv4 addresses as rows: each single and plain unless lengths (0 to 32) or terms say so."""
    count = len(addresses)
    return Columns(
        column.again(_HIGH_OF_IPV4, count),
        mapped.low_of(addresses),
        column.again(_HOST, count) if lengths is None else lengths + np.uint8(mapped.SHIFT),
        plain(count) if terms is None else terms,
    )


def plain(count: int) -> U32:
    """Return the column of terms of so many rows without terms."""
    return column.again(_PLAIN, count)


def of_numbers(high: Sequence[int], low: Sequence[int], length: Sequence[int], terms: Sequence[int]) -> Columns:
    """Return rows of Python numbers."""
    return Columns(
        column.thrifty(np.array(high, np.uint64)),
        np.array(low, np.uint64),
        column.thrifty(np.array(length, np.uint8)),
        column.thrifty(np.array(terms, np.uint32)),
    )


def is_ipv4(columns: Columns) -> Mask:
    """Return which rows are IPv4."""
    if not column.is_uniform(columns.high):
        return mapped.are_ipv4(columns.high, columns.low)
    return mapped.are_ipv4(columns.high[:1], columns.low)


def is_plain4(columns: Columns) -> Mask:
    """Return which rows are single IPv4 addresses without terms."""
    found = is_ipv4(columns)
    for each, wanted in ((columns.length, mapped.HOST), (columns.terms, 0)):
        found &= (each[:1] if column.is_uniform(each) else each) == wanted
    return found


def wider_than_host(columns: Columns) -> Index:
    """Return the rows of more than one address."""
    if column.is_uniform(columns.length) and columns.length[0] == mapped.HOST:
        return np.empty(0, np.intp)
    return np.flatnonzero(columns.length < mapped.HOST)


def concatenate(*parts: Columns) -> Columns:
    """Return the rows of all parts, one after the other."""
    high, low, length, terms = (column.joined(*each) for each in zip(*(part.all() for part in parts), strict=True))
    return Columns(high, low, length, terms)


def order(columns: Columns) -> Index:
    """Return the stable order that sorts the rows by (high, low, length)."""
    keys = [key for key in (columns.length, columns.low, columns.high) if _varies(key)]
    return np.lexsort(keys) if keys else np.arange(len(columns))


def in_order(columns: Columns) -> Columns:
    """Return the rows sorted by (high, low, length), those of the same prefix in the order that they had."""
    if not all(column.is_uniform(each) for each in (columns.high, columns.length, columns.terms)):
        return columns.take(order(columns))
    low = columns.low
    if not (low[1:] > low[:-1]).all():  # whole numbers are sorted quicker than an order of rows is found
        low = mapped.low_of(np.sort(low.astype(np.uint32))) if is_ipv4(columns).all() else np.sort(low)
    return Columns(columns.high, low, columns.length, columns.terms)


def _varies(key: NDArray[Any]) -> bool:
    return bool(len(key)) and not column.is_uniform(key) and bool((key != key[0]).any())


def same_as_previous(columns: Columns) -> Mask:
    """Return which rows of sorted columns have the prefix of the row before."""
    same = np.zeros(len(columns), np.bool_)
    same[1:] = same_prefixes(columns.take(slice(1, None)), columns.take(slice(-1)))
    return same


def same_prefixes(ones: Columns, others: Columns) -> Mask:
    """Return where two sets of as many rows have the same prefix."""
    same: Mask = ones.low == others.low
    for one, other in ((ones.high, others.high), (ones.length, others.length)):
        if not column.are_alike(one, other):
            same &= one == other
    return same


def are_sorted(columns: Columns) -> bool:
    """Return whether the rows are in strictly ascending order, so that each prefix is there once."""
    descends = np.zeros(max(len(columns) - 1, 0), np.bool_)
    equal = ~descends
    for key in (columns.high, columns.low, columns.length):
        if column.is_uniform(key):
            continue
        descends |= equal & (key[1:] < key[:-1])
        equal &= key[1:] == key[:-1]
    return not (descends | equal).any()


def host_masks(columns: Columns) -> tuple[U64, U64]:
    """Return for each row the upper and the lower 64 bits of the mask of its host bits."""
    if column.is_uniform(columns.length):
        one = columns.length[:1].astype(np.int64)
        high, low = (column.again(_lowest_bits(bits - one), len(columns)) for bits in (64, 128))
        return high, low
    length = columns.length.astype(np.int64)
    return _lowest_bits(64 - length), _lowest_bits(128 - length)


def _lowest_bits(count: NDArray[np.int64]) -> U64:
    """Return words with so many of the lowest bits set, none when negative, all when 64 or more."""
    mask = (np.uint64(1) << np.clip(count, 0, 63).astype(np.uint64)) - np.uint64(1)
    mask[count >= 64] = np.uint64(0xFFFF_FFFF_FFFF_FFFF)
    return mask


def cut_to(columns: Columns, length: int) -> Columns:
    """Return for each row, none shorter, the prefix of a length that it lies in; without terms, and not sorted."""
    lengths = np.full(len(columns), length, np.uint8)
    shortened = Columns(columns.high, columns.low, lengths, np.zeros(len(columns), np.uint32))
    high_host, low_host = host_masks(shortened)
    return Columns(columns.high & ~high_host, columns.low & ~low_host, lengths, shortened.terms)


def have_host_bits(columns: Columns) -> Mask:
    """Return which rows have an address bit set beyond their length."""
    high_host, low_host = host_masks(columns)
    have: Mask = ((columns.high & high_host) | (columns.low & low_host)) != 0
    return have


def overlap(columns: Columns, first: int, last: int) -> Mask:
    """Return which rows, without host bits, hold an address from ``first`` to ``last`` (128-bit numbers)."""
    high, low = columns.high, columns.low
    if len(wider_than_host(columns)):
        high_host, low_host = host_masks(columns)
        high, low = high | high_host, low | low_host
    return _less(columns.high, columns.low, last + 1) & ~_less(high, low, first)


def _less(high: U64, low: U64, bound: int) -> Mask:
    """Return which 128-bit numbers are below ``bound``, which is at most 2**128."""
    if bound >> 128:
        return np.ones(len(high), np.bool_)
    bound_high, bound_low = np.uint64(bound >> 64), np.uint64(bound & 0xFFFF_FFFF_FFFF_FFFF)
    less: Mask = low < bound_low
    if column.is_uniform(high):
        return less if high[0] == bound_high else np.full(len(high), high[0] < bound_high)
    less &= high == bound_high
    less |= high < bound_high
    return less


def insert(columns: Columns, rows: Index, added: Columns) -> Columns:
    """Return the columns with added rows before the given ones, which do not descend."""
    if not len(added) or not len(columns):
        return columns if not len(added) else added
    parts = zip(columns.all(), added.all(), strict=True)
    if len(added) == 1:  # takes no pass over a mask
        row = int(rows[0])
        merged = [column.joined(held[:row], fresh, held[row:]) for held, fresh in parts]
    else:
        places = rows + np.arange(len(added))
        kept = np.ones(len(columns) + len(added), np.bool_)
        kept[places] = False
        merged = [column.mixed(held, kept, fresh, places) for held, fresh in parts]
    high, low, length, terms = merged
    return Columns(high, low, length, terms)


def delete(columns: Columns, rows: Index) -> Columns:
    """Return the columns without the given rows."""
    if not len(rows):
        return columns
    if len(rows) > 1:
        kept = np.ones(len(columns), np.bool_)
        kept[rows] = False
        return columns.take(kept)
    row = int(rows[0])  # a single one takes no pass over a mask
    return concatenate(columns.take(slice(row)), columns.take(slice(row + 1, None)))
