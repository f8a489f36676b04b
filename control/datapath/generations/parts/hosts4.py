"""The exact set of plain IPv4 hosts, in buckets of half a cache line, built and searched in numpy. See bpf/hosts.h.

The few that find their bucket full go to the hash map of entries, and the bucket says so. The table is the kernel's
own memory: a single host is put there or taken away by one aligned store.
"""

from abc import ABC, abstractmethod
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from control.datapath.generations.parts.buckets import placed, shift_of
from control.datapath.generations.parts.hashes import Addresses, Hashes, spread, unspread
from control.datapath.program.layout import structure
from control.vocabulary import constant

NARROW_FROM = 250_000  # hosts: from here on the filter in front pays in narrow buckets (docs/performance.md)


def _bits(slots: int, lanes: int) -> NDArray[np.uint16]:
    """Return the bit in ``seen`` of each slot, of so many to a 64-bit word, as struct wide has it."""
    word, lane = np.divmod(np.arange(slots), lanes)
    bits: NDArray[np.uint16] = np.left_shift(1, 4 * lane + 3 - word).astype(np.uint16)
    return bits


class Hosts4(ABC):
    """A set, over a table of buckets; what a slot holds is the part of a host's hash, or address, that says it all.

    Attributes:
        bucket: type of a bucket.
        slots: in a bucket.
        fewest: buckets of a table.
        shift: of a hash, to the number of its bucket.
    """

    bucket: ClassVar[np.dtype[Any]]
    slots: ClassVar[int]
    fewest: ClassVar[int]
    _field: ClassVar[str]
    _seen_bits: ClassVar[NDArray[np.uint16]]  # of a bucket's slots

    hashes = staticmethod(spread)

    def __init__(self, table: NDArray[Any]) -> None:
        """``table`` is of ``bucket``, a power of two of them, in the kernel's memory."""
        self.table, self.shift = table, shift_of(len(table))
        self._held = table[self._field]

    @classmethod
    @abstractmethod
    def buckets_for(cls, hosts: int) -> int:
        """Return how many buckets a set of so many hosts gets: a power of two."""

    @abstractmethod
    def _values(self, hashes: Hashes) -> NDArray[Any]:
        """Return what a slot holds for hosts of these hashes; never 0."""

    @abstractmethod
    def _hosts(self, rows: NDArray[np.intp], values: NDArray[Any]) -> Addresses:
        """Return the hosts of which these buckets hold these values."""

    def fill(self, hashes: Hashes) -> Addresses:
        """Put hosts of these hashes, each once and in order, into the empty table; return those without room.

        Raises:
            ValueError: 0.0.0.0 is among them, which marks a free slot.
        """
        if len(hashes) and not hashes[0]:  # spread(0) is 0
            raise ValueError("0.0.0.0 cannot be in the exact set")
        bucket, place = placed(hashes, len(self.table))
        fits = place < self.slots
        if fits.all():
            self._held[bucket, place] = self._values(hashes)
            return np.empty(0, np.uint32)
        self._held[bucket[fits], place[fits]] = self._values(hashes[fits])
        self.table["overflowed"][bucket[~fits]] = 1
        return unspread(hashes[~fits])

    def __len__(self) -> int:
        """Return how many hosts are in the set."""
        return int(np.count_nonzero(self._held))

    def hosts(self) -> Addresses:
        """Return the hosts of the set, in no order."""
        flat = np.flatnonzero(self._held)
        rows = flat // self.slots
        return self._hosts(rows, self._held[rows, flat - rows * self.slots])

    def holds(self, address: int) -> bool:
        """Return whether a host stands in its bucket."""
        row, value = self._place(address)
        return bool((self._held[row] == value).any())

    def insert(self, address: int) -> bool:
        """Store one host, by one aligned store; return whether its bucket had room."""
        row, value = self._place(address)
        slots = self._held[row]
        if (slots == value).any():
            return True
        free = np.flatnonzero(slots == 0)
        if not len(free):
            return False
        slots[free[0]] = value
        return True

    def remove(self, address: int) -> bool:
        """Remove one host; return whether it was in its bucket."""
        row, value = self._place(address)
        slots = self._held[row]
        held = np.flatnonzero(slots == value)
        if not len(held):
            return False
        slots[held[0]] = 0
        self.table["seen"][row] &= ~self._seen_bits[held[0]]
        return True

    def expect_overflow(self, addresses: Addresses) -> None:
        """Let the buckets of these hosts say that more is in the hash map; those must be there already."""
        self.table["overflowed"][spread(addresses) >> np.uint32(self.shift)] = 1

    def overflowed(self, addresses: Addresses) -> NDArray[np.bool_]:
        """Return for each host whether its bucket says that more is in the hash map."""
        said: NDArray[np.bool_] = self.table["overflowed"][spread(addresses) >> np.uint32(self.shift)] != 0
        return said

    def sweep(self) -> Addresses:
        """Return the hosts that were looked up since the last sweep, and forget that they were.

        A bit that the kernel sets in the very moment may be lost with it; the next packet sets it again.
        """
        rows = np.flatnonzero(self.table["seen"])
        seen = self.table["seen"][rows]
        self.table["seen"][rows] = 0
        row, slot = np.nonzero(seen[:, np.newaxis] & self._seen_bits)
        values = self._held[rows[row], slot]
        held = values != 0
        return self._hosts(rows[row][held], values[held])

    def is_marked(self, address: int) -> bool:
        """Return whether a host was looked up since the last sweep; its mark stays."""
        row, value = self._place(address)
        return bool((self._seen_bits[self._held[row] == value] & self.table["seen"][row]).any())

    def _place(self, address: int) -> tuple[int, Any]:
        """Return the bucket in which a host belongs, and what it is there."""
        hashes = spread(np.array([address], np.uint32))
        return int(hashes[0]) >> self.shift, self._values(hashes)[0]


class Wide(Hosts4):
    """Seven addresses a bucket, whatever the table's size; for small lists."""

    bucket = structure("wide")
    slots = constant("WIDE_SLOTS")
    fewest = 16
    _field = "address"
    _seen_bits = _bits(slots, 2)

    @classmethod
    def buckets_for(cls, hosts: int) -> int:
        """Return how many buckets: two to four hosts in each.

        At four, one in sixty overflows (measured: 17,098 of a million); at seven half of the buckets do.
        """
        return max(cls.fewest, 1 << (hosts // 4).bit_length())

    def _values(self, hashes: Hashes) -> NDArray[Any]:
        return unspread(hashes)

    def _hosts(self, rows: NDArray[np.intp], values: NDArray[Any]) -> Addresses:
        return values


class Narrow(Hosts4):
    """Fourteen 16-bit remainders a bucket, in a table so large that its number says the other bits; for large lists."""

    bucket = structure("narrow")
    slots = constant("NARROW_SLOTS")
    fewest = 1 << 17
    _field = "remainder"
    _seen_bits = _bits(slots, 4)

    @classmethod
    def buckets_for(cls, hosts: int) -> int:
        """Return how many buckets: five to ten hosts in each of a large set; at ten, one in sixty overflows."""
        return max(cls.fewest, 1 << ((hosts - 1) // 10).bit_length())

    def _values(self, hashes: Hashes) -> NDArray[Any]:
        return ((hashes & np.uint32((1 << self.shift) - 1)) + np.uint32(1)).astype(np.uint16)

    def _hosts(self, rows: NDArray[np.intp], values: NDArray[Any]) -> Addresses:
        return unspread(rows.astype(np.uint32) << np.uint32(self.shift) | (values.astype(np.uint32) - np.uint32(1)))


def kind_for(hosts: int) -> type[Wide | Narrow]:
    """Return the kind of set for so many hosts."""
    return Narrow if hosts >= NARROW_FROM else Wide
