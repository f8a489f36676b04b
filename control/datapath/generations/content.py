"""What is in a generation's maps, changed entry by entry: a packet in between finds what is there before and after.

A reader looks into a host's bucket and then into the hash map, once for each length. An entry is put where it belongs
before it leaves where it was; and whatever takes something from where a reader may be looking is done as a *move*, of
which the reader is told.
"""

import contextlib
from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from control.datapath import syscall
from control.datapath.generations import entry_map, exact_set, lengths

PLAIN_ENTRY = np.zeros((), entry_map.ENTRY)  # which every protocol and port may use


class Content:
    """The exact set and the hash map of one generation.

    Attributes:
        used: entries in the hash map.
        digest: of all that is in both, see entry_map.digest.
    """

    def __init__(self, table: NDArray[Any], entries: int, capacity: int, description: Any) -> None:
        """``entries`` is the hash map's file descriptor, which stays the caller's, with room for ``capacity``."""
        self._table, self._entries, self._capacity, self._description = table, entries, capacity, description
        self.used = self.digest = 0
        self._lengths: Counter[int] = Counter()

    def take_stock(self, keys: entry_map.Keys, values: entry_map.Entries) -> None:
        """Count what is there, and make its digest; ``keys`` and ``values`` are what is in the hash map."""
        self.used, self._lengths = len(keys), lengths.count(keys)
        self.digest = (entry_map.digest(keys, values) + entry_map.digest_of_hosts(self.hosts())) % (1 << 64)

    def hosts(self) -> exact_set.Addresses:
        """Return the hosts of the exact set, in no order."""
        addresses = self._table["address"]
        held: exact_set.Addresses = addresses[addresses != 0]
        return held

    def read_entries(self) -> tuple[entry_map.Keys, entry_map.Entries]:
        """Return what is in the hash map, in no order."""
        return syscall.read_all(self._entries, entry_map.KEY, entry_map.ENTRY, self._capacity)

    def describe_lengths(self) -> None:
        """Write into the description which lengths there are."""
        lengths.describe(self._description, self._lengths)

    def add_host(self, address: int) -> None:
        """Add a plain IPv4 host: to its bucket, or where that is full to the hash map.

        Raises:
            OSError: as for ``add_entry``.
        """
        (key,) = entry_map.host_keys(np.array([address], np.uint32))
        if exact_set.holds(self._table, address):
            return
        if exact_set.insert(self._table, address):
            self._count(key, PLAIN_ENTRY, 1)
            self._delete_entry(key)  # it may have been there narrowed, or for want of room
        else:
            self.add_entry(key, PLAIN_ENTRY)

    def add_entry(self, key: Any, entry: Any) -> None:
        """Add an entry to the hash map, or give it other terms.

        Raises:
            OSError: E2BIG or ENOMEM, the hash map is full.
        """
        held = self._entry(key)
        with self._moving():
            syscall.update(self._entries, np.array([key]), np.array([entry]))
        self._count(key, entry, 1)
        if held is not None:
            self._count(key, held, -1)
        else:
            self.used += 1
        hosts = entry_map.hosts_among(np.array([key]))
        if not len(hosts):
            if held is None:
                self._lengths.update(counted := lengths.count(np.array([key])))
                lengths.add(self._description, *counted)
            return
        # It is in the hash map; now its bucket says so, and only then it leaves the bucket.
        exact_set.expect_overflow(self._table, hosts)
        self._take_from_bucket(key, int(hosts[0]))

    def remove(self, key: Any) -> None:
        """Remove an entry, wherever it stands."""
        for host in entry_map.hosts_among(np.array([key])).tolist():
            self._take_from_bucket(key, host)
        self._delete_entry(key)

    def forget_lengths(self) -> None:
        """Describe no length any more that nobody has: each costs every unregistered packet two look-ups."""
        if all(self._lengths.values()):
            return
        self._lengths = +self._lengths
        with self._moving():
            lengths.describe(self._description, self._lengths)

    @contextlib.contextmanager
    def _moving(self) -> Iterator[None]:
        """Tell the readers that inside something moves: who finds no end meanwhile lets the packet go.

        Whatever may take an entry from where a reader is going to look, or give its place to another, is done inside:
        an element of the hash map that is exchanged or removed is used again by the next one.
        """
        moves = int(self._description["moves"])
        self._description["moves"] = (moves | 1) & 0xFFFF_FFFF
        try:
            yield
        finally:
            self._description["moves"] = ((moves | 1) + 1) & 0xFFFF_FFFF

    def _take_from_bucket(self, key: Any, address: int) -> None:
        with self._moving():
            if exact_set.remove(self._table, address):
                self._count(key, PLAIN_ENTRY, -1)

    def _delete_entry(self, key: Any) -> None:
        held = self._entry(key)
        if held is None:
            return
        with self._moving():
            syscall.delete(self._entries, np.array([key]))
        self._count(key, held, -1)
        self.used -= 1
        self._lengths.subtract(lengths.count(np.array([key])))

    def _entry(self, key: Any) -> Any | None:
        held = np.zeros(1, entry_map.ENTRY)
        return held[0] if syscall.lookup(self._entries, np.array([key]), held) else None

    def _count(self, key: Any, entry: Any, sign: int) -> None:
        """Let the digest follow that a row has come, or gone (sign -1)."""
        change = sign * entry_map.digest(np.array([key]), np.array([entry]))
        self.digest = (self.digest + change) % (1 << 64)
