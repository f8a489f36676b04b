"""What is in a generation's maps, changed entry by entry: a packet in between finds what is there before and after.

A reader asks the filter, looks into a host's bucket, then into the hash map where the bucket says so, and then for each
prefix that the tree names. So what is further on that way is put there first: a host's bits into the filter before it
is stored, an entry into the hash map before its bucket or the tree names it. Whatever takes something from where a
reader may be looking is done as a *move*, of which the reader is told.
"""

import contextlib
from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from control.datapath import syscall
from control.datapath.generations import entry_map
from control.datapath.generations.parts import filter as filters
from control.datapath.generations.parts.arrangement import Parts
from control.datapath.generations.parts.hashes import spread, spread6
from control.datapath.generations.parts.tree import Tree

PLAIN_ENTRY = np.zeros((), entry_map.ENTRY)  # which every protocol and port may use
FAMILIES = (4, 6)


class Content:
    """The lines and the hash map of one generation.

    Attributes:
        parts: what the lines are.
        used: entries in the hash map.
        digest: of all that is in both, see entry_map.digest.
    """

    def __init__(self, parts: Parts, entries: int, capacity: int, description: Any) -> None:
        """``entries`` is the hash map's file descriptor, which stays the caller's, with room for ``capacity``."""
        self.parts, self._entries, self._capacity, self._description = parts, entries, capacity, description
        self.used = self.digest = 0
        self._trees = {family: Tree(family, parts.lines, parts.roots[family], description) for family in FAMILIES}
        self._prefixes: Counter[int] = Counter()  # of each family

    def take_stock(self) -> bool:
        """Count what is there, and make its digest; return whether packets find all of it."""
        keys, values = self.read_entries()
        hosts4, hosts6 = self.parts.hosts4.hosts(), self.parts.hosts6.hosts()
        self.used = len(keys)
        self._prefixes = Counter({family: len(entry_map.prefixes_among(keys, family)) for family in FAMILIES})
        digests = (
            entry_map.digest(keys, values),
            entry_map.digest_of_hosts(hosts4),
            _digest_of_plain(entry_map.word_keys(hosts6)),
        )
        self.digest = sum(digests) % (1 << 64)
        over4, over6 = (entry_map.hosts_among(keys, family) for family in FAMILIES)
        is_let_by = [
            filters.passes(self.parts.filter, spread(np.concatenate([hosts4, over4]))).all(),
            filters.passes(self.parts.filter, spread6(np.concatenate([hosts6, over6]))).all(),
        ]
        return all(is_let_by) and self._is_reached(keys, over4, over6)

    def _is_reached(self, keys: entry_map.Keys, over4: NDArray[np.uint32], over6: NDArray[np.uint32]) -> bool:
        """Return whether packets find what is in the hash map: its hosts, of both families, and its prefixes."""
        return bool(
            self.parts.hosts4.overflowed(over4).all()
            and self.parts.hosts6.overflowed(over6).all()
            and all(
                not len(prefixes) or (self._description[f"root{family}"] and self._trees[family].finds(prefixes).all())
                for family in FAMILIES
                for prefixes in [entry_map.prefixes_among(keys, family)]
            )
        )

    def lengths(self, key: Any) -> tuple[int, ...]:
        """Return of which lengths a host, its struct prefix, is in prefixes, as packets are told."""
        return self._trees[_family(key)].lengths(key["address"])

    def read_entries(self) -> tuple[entry_map.Keys, entry_map.Entries]:
        """Return what is in the hash map, in no order."""
        return syscall.read_all(self._entries, entry_map.KEY, entry_map.ENTRY, self._capacity)

    def is_marked(self, key: Any, tick: int) -> bool:
        """Return whether one entry has a mark, which in the hash map is ``tick``; it stays."""
        if _is_host(key):
            hosts, rows = self._set_of(key)
            if hosts.is_marked(rows[0]):
                return True
        held = self._entry(key)
        return held is not None and int(held["seen"]) == tick

    def add_host(self, key: Any) -> None:
        """Add a plain host: to its bucket, or where that is full to the hash map.

        Raises:
            OSError: as for ``add_entry``.
        """
        hosts, rows = self._set_of(key)
        if hosts.holds(rows[0]):
            return
        self._let_pass(key)
        if hosts.insert(rows[0]):
            self._count(key, PLAIN_ENTRY, 1)
            self._delete_entry(key)  # it may have been there narrowed, or for want of room
        else:
            self.add_entry(key, PLAIN_ENTRY)

    def add_entry(self, key: Any, entry: Any) -> None:
        """Add an entry to the hash map, or give it other terms.

        Raises:
            OSError: E2BIG or ENOMEM, the hash map or the room for the tree is full.
        """
        held, is_host = self._entry(key), _is_host(key)
        if is_host:
            self._let_pass(key)
        with self._moving():
            syscall.update(self._entries, np.array([key]), np.array([entry]))
        self._count(key, entry, 1)
        if held is not None:
            self._count(key, held, -1)
        else:
            self.used += 1
        if is_host:
            # It is in the hash map; now its bucket says so, and only then it leaves the bucket.
            hosts, rows = self._set_of(key)
            hosts.expect_overflow(rows)
            self._take_from_bucket(key)
        elif held is None:
            family = _family(key)
            self._trees[family].change(key, True)
            self._prefixes[family] += 1
            self._trees[family].ask(True)

    def remove(self, key: Any) -> None:
        """Remove an entry, wherever it stands.

        Raises:
            OSError: E2BIG, there is no room to say of which prefixes its addresses still are.
        """
        if _is_host(key):
            self._take_from_bucket(key)
        elif self._entry(key) is not None:
            family = _family(key)
            self._trees[family].change(key, False)
            self._prefixes[family] -= 1
            self._trees[family].ask(self._prefixes[family] > 0)
        self._delete_entry(key)

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

    def _set_of(self, key: Any) -> tuple[Any, NDArray[np.uint32]]:
        """Return the exact set of a host's family, and the host as that takes it, in an array of one."""
        words = key["address"][np.newaxis]
        return (self.parts.hosts4, words[:, 3]) if _family(key) == 4 else (self.parts.hosts6, words)

    def _let_pass(self, key: Any) -> None:
        """Let the filter know a host that is going to be stored."""
        hosts, rows = self._set_of(key)
        filters.add(self.parts.filter, int(hosts.hashes(rows)[0]))

    def _take_from_bucket(self, key: Any) -> None:
        hosts, rows = self._set_of(key)
        with self._moving():
            is_there = hosts.remove(rows[0])
        if is_there:
            self._count(key, PLAIN_ENTRY, -1)

    def _delete_entry(self, key: Any) -> None:
        held = self._entry(key)
        if held is None:
            return
        with self._moving():
            syscall.delete(self._entries, np.array([key]))
        self._count(key, held, -1)
        self.used -= 1

    def _entry(self, key: Any) -> Any | None:
        held = np.zeros(1, entry_map.ENTRY)
        return held[0] if syscall.lookup(self._entries, np.array([key]), held) else None

    def _count(self, key: Any, entry: Any, sign: int) -> None:
        """Let the digest follow that a row has come, or gone (sign -1)."""
        change = sign * entry_map.digest(np.array([key]), np.array([entry]))
        self.digest = (self.digest + change) % (1 << 64)


def _is_host(key: Any) -> bool:
    return bool(entry_map.are_hosts(np.array([key]))[0])


def _family(key: Any) -> int:
    return 4 if entry_map.are_ipv4(np.array([key]))[0] else 6


def _digest_of_plain(keys: entry_map.Keys) -> int:
    return entry_map.digest(keys, np.zeros(len(keys), entry_map.ENTRY))
