"""The list of registered ends: immutable, sorted, one row a prefix, kept in numpy columns."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from control.allowlist import column, columnar, mapped, packing
from control.allowlist.columnar import U8, U32, U64, Columns, Index, Mask
from control.allowlist.entry import PLAIN, Entry, Prefix, Terms
from control.allowlist.search import locate

SLACK = 64
"""Terms that a table may hold beyond twice those in use before it is made anew."""


@dataclass(frozen=True, slots=True, eq=False)
class Allowlist:
    """A sorted list of prefixes with their terms; every change makes a new list.

    Attributes:
        columns: the rows, sorted by (high, low, length), each prefix once.
        terms_table: what ``columns.terms`` counts into; index 0 is PLAIN. It may hold terms that no row uses.
    """

    columns: Columns
    terms_table: tuple[Terms, ...] = (PLAIN,)

    @classmethod
    def empty(cls) -> "Allowlist":
        """Return the list without entries."""
        return cls(columnar.empty())

    @classmethod
    def from_entries(cls, entries: Iterable[Entry]) -> "Allowlist":
        """Return the list of ``entries``; the last of those with the same prefix stands.

        Raises:
            ValueError: an IPv6 prefix overlaps the IPv4-mapped addresses.
        """
        index = {PLAIN: 0}
        rows = [(*mapped.key_of(entry.prefix), index.setdefault(entry.terms, len(index))) for entry in entries]
        high, low, length, terms = zip(*rows, strict=True) if rows else ((), (), (), ())
        return cls.from_rows(columnar.of_numbers(high, low, length, terms), tuple(index))

    @classmethod
    def from_rows(cls, columns: Columns, terms_table: tuple[Terms, ...] = (PLAIN,)) -> "Allowlist":
        """Return the list of rows in any order; the last of those with the same prefix stands."""
        if columnar.are_sorted(columns):
            return cls(columns, terms_table)
        ordered = columns.take(columnar.order(columns))
        replaced = np.roll(columnar.same_as_previous(ordered), -1)
        return cls(ordered.take(~replaced) if replaced.any() else ordered, terms_table)

    @classmethod
    def unpack(cls, data: bytes) -> "Allowlist":
        """Return the list that ``pack`` wrote.

        Raises:
            ValueError: the bytes are no packed list, are cut short, or break an invariant of the list.
        """
        plain, others, table = packing.unpack(data)
        if not len(others):
            return cls(columnar.of_ipv4(plain))
        both = cls(others, table).with_changes(add=cls(columnar.of_ipv4(plain)), remove=cls.empty())
        if len(both) != len(plain) + len(others):
            raise ValueError("a packed list holds a prefix twice")
        return both

    def pack(self) -> bytes:
        """Return the list as bytes, four for a plain IPv4 address (control/allowlist/packing.py)."""
        is_plain = columnar.is_plain4(self.columns)
        others = self.only(~is_plain).tidy()
        return packing.pack(self._addresses(is_plain), others.columns, others.terms_table)

    def __len__(self) -> int:
        return len(self.columns)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Allowlist):
            return NotImplemented
        if len(self) != len(other):
            return False
        same_keys = columnar.same_prefixes(self.columns, other.columns)
        return bool(same_keys.all() and self._same_terms(self.terms, other, other.terms).all())

    __hash__ = None  # type: ignore[assignment]

    @property
    def high(self) -> U64:
        """Upper 64 bits of each address."""
        return self.columns.high

    @property
    def low(self) -> U64:
        """Lower 64 bits of each address."""
        return self.columns.low

    @property
    def length(self) -> U8:
        """Prefix length of each row, 96 more for IPv4."""
        return self.columns.length

    @property
    def terms(self) -> U32:
        """Index of each row's terms in ``terms_table``."""
        return self.columns.terms

    def find(self, prefix: Prefix) -> Entry | None:
        """Return the entry of exactly this prefix."""
        try:
            high, low, length = mapped.key_of(prefix)
        except ValueError:
            return None
        rows, found = locate(self.columns, columnar.of_numbers([high], [low], [length], [0]))
        return self._entry(int(rows[0])) if found[0] else None

    def covering(self, prefix: Prefix) -> Iterator[Entry]:
        """Yield the entries of the prefixes that hold all of ``prefix``, the longest first."""
        present = np.bincount(self.length, minlength=mapped.HOST + 1)
        for length in reversed(mapped.covering_lengths(prefix)):
            if present[length]:
                own_length = mapped.own_length(length, prefix.version)
                entry = self.find(prefix.supernet(new_prefix=own_length))
                if entry is not None:
                    yield entry

    def entries(self, start: int = 0, stop: int | None = None) -> Iterator[Entry]:
        """Yield the entries of the rows from ``start`` to before ``stop``, as a slice counts."""
        return map(self._entry, range(*slice(start, stop).indices(len(self))))

    def _entry(self, row: int) -> Entry:
        terms = self.terms_table[self.terms[row]]
        prefix = mapped.prefix_of(int(self.high[row]), int(self.low[row]), int(self.length[row]))
        return Entry(prefix, terms.protocols, terms.ports, terms.note)

    def with_changes(self, add: "Allowlist", remove: "Allowlist") -> "Allowlist":
        """Return the list without the prefixes of ``remove`` and then with the entries of ``add``.

        An added entry replaces the terms of an equal prefix; a prefix in both stays. The terms in ``remove``
        do not matter, and removing what is not there changes nothing.
        """
        if not len(add):
            return self.without(remove)
        kept = self._without(remove)
        added, shift = add.columns, np.uint32(len(self.terms_table) - 1)
        if len(add.terms_table) > 1:
            added = added.with_terms(np.where(added.terms, added.terms + shift, np.uint32(0)))
        rows, found = locate(kept, added)
        if found.any():
            if (kept.terms[rows[found]] != added.terms[found]).any():
                terms = kept.terms.copy()
                terms[rows[found]] = added.terms[found]
                kept = kept.with_terms(terms)
            rows, added = rows[~found], added.take(~found)
        merged, table = columnar.insert(kept, rows, added), self.terms_table + add.terms_table[1:]
        changed = Allowlist(merged, table)
        return changed.tidy() if len(table) > SLACK and len(table) > 2 * merged.count_terms() + SLACK else changed

    def _without(self, remove: "Allowlist") -> Columns:
        rows, found = locate(self.columns, remove.columns)
        return columnar.delete(self.columns, rows[found])

    def wide(self) -> "Allowlist":
        """Return the entries of more than one address."""
        return Allowlist(self.columns.take(columnar.wider_than_host(self.columns)), self.terms_table)

    def without(self, other: "Allowlist") -> "Allowlist":
        """Return the entries whose prefix ``other`` does not hold, whatever its terms."""
        if not len(other) or not len(self):
            return self
        if len(other) < len(self):
            return Allowlist(self._without(other), self.terms_table)
        return self.only(~locate(other.columns, self.columns)[1])

    def held_by(self, other: "Allowlist") -> "Allowlist":
        """Return the entries whose prefix ``other`` holds too, whatever its terms."""
        if len(other) < len(self):
            rows, found = locate(self.columns, other.columns)
            return Allowlist(self.columns.take(rows[found]), self.terms_table)
        return self.only(locate(other.columns, self.columns)[1])

    def at(self, prefixes: "Allowlist") -> "Allowlist":
        """Return the entries whose prefix ``prefixes`` holds; quick when those are few, however long this list is."""
        if not len(prefixes):
            return Allowlist.empty()
        rows, found = locate(self.columns, prefixes.columns)
        return Allowlist(self.columns.take(rows[found]), self.terms_table).tidy()

    def only(self, rows: Mask) -> "Allowlist":
        """Return the chosen rows."""
        if not rows.any():
            return Allowlist.empty()
        return self if rows.all() else Allowlist(self.columns.take(rows), self.terms_table)

    def difference(self, other: "Allowlist") -> "Allowlist":
        """Return the entries that ``other`` does not hold, or holds with other terms."""
        if not len(self) or not len(other):
            return self
        mine, _, same = self._common(other)
        return self._leaving(mine[same])

    def compared(self, other: "Allowlist") -> tuple["Allowlist", "Allowlist", "Allowlist"]:
        """Return ``difference``, the entries of ``other`` that those replace, and ``other.without`` this list.

        All of it by one search, which is what comparing two long lists costs.
        """
        mine, theirs, same = self._common(other)
        replaced = Allowlist(other.columns.take(theirs[~same]), other.terms_table)
        return self._leaving(mine[same]), replaced, other._leaving(theirs)

    def _common(self, other: "Allowlist") -> tuple[Index, Index, Mask]:
        """Return the rows of both lists that have the same prefixes, and which of these have the same terms."""
        if len(self) <= len(other):
            theirs, found = locate(other.columns, self.columns)
            mine, theirs = np.flatnonzero(found), theirs[found]
        else:
            mine, found = locate(self.columns, other.columns)
            mine, theirs = mine[found], np.flatnonzero(found)
        return mine, theirs, self._same_terms(self.terms[mine], other, other.terms[theirs])

    def _leaving(self, rows: Index) -> "Allowlist":
        """Return the list without some of its rows."""
        return Allowlist(columnar.delete(self.columns, rows), self.terms_table)

    def within(self, prefix: Prefix) -> "Allowlist":
        """Return the entries that lie in a prefix, itself left out."""
        last = mapped.number_of(prefix[-1])
        rows = columnar.overlap(self.columns, mapped.number_of(prefix[0]), last)
        return self.only(rows & (self.length > mapped.length_of(prefix.prefixlen, prefix.version)))

    def outside(self, other: "Allowlist") -> "Allowlist":
        """Return the entries that no wider prefix of ``other`` holds on every term."""
        wide = other.wide()
        if not len(wide):
            return self
        plain = np.array([not terms.narrowed for terms in other.terms_table])
        wide = wide.only(plain[wide.terms])
        outside = np.ones(len(self), np.bool_)
        for length in np.flatnonzero(np.bincount(wide.length)).tolist():
            longer = np.flatnonzero(outside & (self.length > length))
            outside[longer] = ~wide.only(wide.length == length)._hold(self.columns.take(longer), length)
        return self.only(outside)

    def _hold(self, columns: Columns, length: int) -> Mask:
        """Return which rows lie in a prefix of mine of a length, which all of mine have."""
        within = columnar.cut_to(columns, length)
        order = columnar.order(within)
        held = np.zeros(len(within), np.bool_)
        held[order] = locate(self.columns, within.take(order))[1]
        return held

    def _same_terms(self, mine: U32, other: "Allowlist", theirs: U32) -> Mask:
        """Return where terms by my table equal terms by the other's."""
        same: Mask = (mine == 0) & (theirs == 0)
        if same.all():
            return same
        pairs, pair_of = np.unique(mine.astype(np.uint64) << np.uint64(32) | theirs, return_inverse=True)
        tables = self.terms_table, other.terms_table
        equal = [tables[0][pair >> 32] == tables[1][pair & 0xFFFF_FFFF] for pair in pairs.tolist()]
        return np.array(equal, np.bool_)[pair_of]

    def tidy(self) -> "Allowlist":
        """Return the same list with a table of just the terms in use, each once."""
        if not len(self) or self.terms_table == (PLAIN,):
            return self if len(self) else Allowlist.empty()
        if column.is_uniform(self.terms):
            terms = self.terms_table[self.terms[0]]
            if terms == PLAIN:
                return Allowlist(self.columns.with_terms(columnar.plain(len(self))))
            ones = column.uniform(np.uint32(1), len(self))
            return Allowlist(self.columns.with_terms(ones), (PLAIN, terms))
        is_used = np.zeros(len(self.terms_table), np.bool_)
        is_used[self.terms] = True
        index, fresh = {PLAIN: 0}, np.zeros(len(self.terms_table), np.uint32)
        for old in np.flatnonzero(is_used).tolist():
            fresh[old] = index.setdefault(self.terms_table[old], len(index))
        return Allowlist(self.columns.with_terms(column.thrifty(fresh[self.terms])), tuple(index))

    def plain4(self) -> U32:
        """Return the single IPv4 addresses without terms, as numbers in host order, ascending."""
        return self._addresses(columnar.is_plain4(self.columns))

    def _addresses(self, rows: Mask) -> U32:
        """Return the IPv4 addresses of some rows."""
        return (self.low if rows.all() else self.low[rows]).astype(np.uint32)

    def others(self) -> "Allowlist":
        """Return what ``plain4`` leaves out."""
        return self.only(~columnar.is_plain4(self.columns))
