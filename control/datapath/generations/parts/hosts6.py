"""The exact set of plain IPv6 hosts, three to a cache line, built and searched in numpy. See bpf/hosts.h."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from control.datapath.generations.parts.buckets import placed, shift_of
from control.datapath.generations.parts.hashes import Hashes, Words, spread6
from control.datapath.program.layout import structure
from control.vocabulary import constant

BUCKET6 = structure("bucket6")
SLOTS = constant("BUCKET6_SLOTS")
FEWEST = 16  # buckets
_BITS = np.left_shift(1, np.arange(SLOTS)).astype(np.uint8)


def buckets_for(hosts: int) -> int:
    """Return how many buckets a set of so many hosts gets: a power of two, three quarters of a host to one and a half.

    At one and a half, one in eighteen overflows, at one, one in forty.
    """
    return max(FEWEST, 1 << (max(0, hosts * 2 - 1) // 3).bit_length())


class Hosts6:
    """A set, over a table of buckets; rows of hosts are four words each.

    A slot of 16 bytes is no single store: its bit in ``held`` is set when all of it is there, and goes first.
    """

    hashes = staticmethod(spread6)

    def __init__(self, table: NDArray[Any]) -> None:
        """``table`` is of BUCKET6, a power of two of them, in the kernel's memory."""
        self.table, self.shift = table, shift_of(len(table))

    def fill(self, words: Words, hashes: Hashes) -> NDArray[np.bool_]:
        """Put hosts, each once and by rising hash, into the empty table; return which of them had no room."""
        bucket, place = placed(hashes, len(self.table))
        fits = place < SLOTS
        self.table["address"][bucket[fits], place[fits]] = words[fits]
        self.table["held"] = (1 << np.minimum(np.bincount(bucket, minlength=len(self.table)), SLOTS)) - 1
        self.table["overflowed"][bucket[~fits]] = 1
        full: NDArray[np.bool_] = ~fits
        return full

    def __len__(self) -> int:
        """Return how many hosts are in the set."""
        return int(np.bitwise_count(self.table["held"]).sum())

    def hosts(self) -> Words:
        """Return the hosts of the set, in no order."""
        return self._of(self.table["held"], np.arange(len(self.table)))

    def holds(self, words: Words) -> bool:
        """Return whether a host, of four words, stands in its bucket."""
        return self._slot(words) is not None

    def insert(self, words: Words) -> bool:
        """Store one host, of four words; return whether its bucket had room."""
        if self.holds(words):
            return True
        row = self._row(words)
        free = np.flatnonzero(int(self.table["held"][row]) & _BITS == 0)
        if not len(free):
            return False
        self.table["address"][row, free[0]] = words
        self.table["held"][row] |= _BITS[free[0]]
        return True

    def remove(self, words: Words) -> bool:
        """Remove one host, of four words; return whether it was in its bucket."""
        row, slot = self._row(words), self._slot(words)
        if slot is None:
            return False
        self.table["held"][row] &= ~_BITS[slot]
        self.table["seen"][row] &= ~_BITS[slot]
        return True

    def expect_overflow(self, words: Words) -> None:
        """Let the buckets of these hosts say that more is in the hash map; those must be there already."""
        self.table["overflowed"][spread6(words) >> np.uint32(self.shift)] = 1

    def overflowed(self, words: Words) -> NDArray[np.bool_]:
        """Return for each host whether its bucket says that more is in the hash map."""
        said: NDArray[np.bool_] = self.table["overflowed"][spread6(words) >> np.uint32(self.shift)] != 0
        return said

    def sweep(self) -> Words:
        """Return the hosts that were looked up since the last sweep, and forget that they were."""
        rows = np.flatnonzero(self.table["seen"])
        seen = self.table["seen"][rows] & self.table["held"][rows]
        self.table["seen"][rows] = 0
        return self._of(seen, rows)

    def is_marked(self, words: Words) -> bool:
        """Return whether a host was looked up since the last sweep; its mark stays."""
        slot = self._slot(words)
        return slot is not None and bool(self.table["seen"][self._row(words)] & _BITS[slot])

    def _of(self, bits: NDArray[Any], rows: NDArray[np.intp]) -> Words:
        row, slot = np.nonzero(bits[:, np.newaxis] & _BITS)
        words: Words = self.table["address"][rows[row], slot]
        return words

    def _row(self, words: Words) -> int:
        return int(spread6(words[np.newaxis])[0]) >> self.shift

    def _slot(self, words: Words) -> int | None:
        bucket = self.table[self._row(words)]
        same = (bucket["address"] == words).all(axis=1) & (bucket["held"] & _BITS != 0)
        return int(np.argmax(same)) if same.any() else None
