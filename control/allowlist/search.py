"""Where prefixes stand in a list, or belong: one search, however long the list is."""

import numpy as np
from numpy.typing import NDArray

from control.allowlist import column
from control.allowlist.columnar import Columns, Index, Mask, same_prefixes

FEW = 64
"""Rows beyond IPv4 that are looked for one by one: it takes a pass over the table to look for many at a time."""


def locate(table: Columns, wanted: Columns) -> tuple[Index, Mask]:
    """Return for each wanted row the row of ``table`` where it is or belongs, and whether it is there.

    Both are sorted. A search costs the logarithm of the table, without a pass over it: a list of a million is
    changed by one address hundreds of times an hour.
    """
    if not len(wanted) or not len(table):
        return np.zeros(len(wanted), np.intp), np.zeros(len(wanted), np.bool_)
    head, wanted_head = _ipv4_like(table), _ipv4_like(wanted)
    rows = _locate_low(table.take(slice(head)), wanted.take(slice(wanted_head)))
    if wanted_head < len(wanted):
        behind = _locate_high(table.take(slice(head, None)), wanted.take(slice(wanted_head, None)))
        rows = np.concatenate([rows, head + behind])
    inside = np.minimum(rows, len(table) - 1)
    return rows, (rows < len(table)) & same_prefixes(table.take(inside), wanted)


def _ipv4_like(columns: Columns) -> int:
    """Return how many rows of sorted columns have a high word of 0, as all of IPv4 has; they are the first."""
    if column.is_uniform(columns.high):
        return 0 if columns.high[0] else len(columns)
    return int(np.searchsorted(columns.high, np.uint64(1)))


def _locate_low(table: Columns, wanted: Columns) -> Index:
    """Return where wanted rows belong in ``table``; the high words of both are 0."""
    if column.is_uniform(table.length) and column.is_uniform(wanted.length):
        is_longer = wanted.length[0] > table.length[0]
        return np.searchsorted(table.low, wanted.low, side="right" if is_longer else "left")
    rows = np.searchsorted(table.low, wanted.low, side="left")
    ends = np.searchsorted(table.low, wanted.low, side="right")
    pending = np.flatnonzero(rows < ends)
    while len(pending):  # at most once for each length of the same address
        shorter = table.length[rows[pending]] < wanted.length[pending]
        pending = pending[shorter]
        rows[pending] += 1
        pending = pending[rows[pending] < ends[pending]]
    return rows


def _locate_high(table: Columns, wanted: Columns) -> Index:
    """Return where wanted rows belong in ``table``, whatever their high words."""
    if len(wanted) > FEW:
        return np.searchsorted(_text_keys(table), _text_keys(wanted))
    return np.array([_locate_one(table, wanted.take(slice(row, row + 1))) for row in range(len(wanted))], np.intp)


def _locate_one(table: Columns, wanted: Columns) -> int:
    """Return where one row belongs, by a search in one column after the other."""
    first, last = 0, len(table)
    for column_, key in ((table.high, wanted.high), (table.low, wanted.low), (table.length, wanted.length)):
        within = column_[first:last]
        after = int(np.searchsorted(within, key[0], "right"))
        first, last = first + int(np.searchsorted(within, key[0], "left")), first + after
    return first


def _text_keys(columns: Columns) -> NDArray[np.bytes_]:
    """Return the keys of rows as byte strings that sort as the rows do."""
    octets = np.empty((len(columns), 17), np.uint8)
    octets[:, :8] = columns.high.astype(">u8").view(np.uint8).reshape(-1, 8)
    octets[:, 8:16] = columns.low.astype(">u8").view(np.uint8).reshape(-1, 8)
    octets[:, 16] = columns.length
    return octets.view("S17").reshape(-1)
