"""The live list as the union of two: what the local list or the feed's list allows is allowed.

Where both hold one prefix with different terms, a packet passes that either lets pass. The kernel has a rule for each
range of ports, and room for as many as two entries can have (MAX_PORT_RANGES each), so no union is wider than it says.
"""

from dataclasses import dataclass, replace

import numpy as np

from control.allowlist.allowlist import Allowlist
from control.allowlist.entry import Entry, PortRange, Prefix, Terms
from control.vocabulary import PROTOCOLS


@dataclass(frozen=True, slots=True)
class Change:
    """A list that is to be, and what that changes.

    Attributes:
        new: the whole list afterwards.
        added: entries that it has and the present one has not, or has with other terms.
        gone: entries of the present one whose prefix it has not.
    """

    new: Allowlist
    added: Allowlist
    gone: Allowlist

    @property
    def size(self) -> int:
        """How many entries it touches."""
        return len(self.added) + len(self.gone)


@dataclass(frozen=True, slots=True)
class Effect:
    """What a change of one of two lists makes of their union: entries that it gains or has with other terms, and loses.

    Attributes:
        count: entries of the union afterwards.
    """

    added: Allowlist
    gone: Allowlist
    count: int

    @property
    def size(self) -> int:
        """How many entries it touches."""
        return len(self.added) + len(self.gone)


@dataclass(frozen=True, slots=True)
class Union:
    """Two lists, looked upon as one: the whole of it is only made for the kernel, when that takes it as a whole.

    A change of one list costs here what the change is big, however long the other is.

    Attributes:
        count: entries of the union.
    """

    local: Allowlist
    followed: Allowlist
    count: int

    @classmethod
    def of(cls, local: Allowlist, followed: Allowlist) -> "Union":
        """Return the union of two lists."""
        return cls(local, followed, len(local) + len(followed.without(local)))

    def whole(self) -> Allowlist:
        """Return the union as a list; two million entries take half a second."""
        return unite(self.local, self.followed)

    def find(self, prefix: Prefix) -> Entry | None:
        """Return the entry of exactly this prefix; of two lists' terms, what an entry can say of them."""
        found = [entry for each in (self.local, self.followed) if (entry := each.find(prefix))]
        if len(found) < 2:
            return found[0] if found else None
        terms = united(found[0].terms, found[1].terms)
        return Entry(prefix, terms.protocols, terms.ports, terms.note)

    def covering(self, prefix: Prefix) -> Entry | None:
        """Return the entry of the longest prefix that holds all of ``prefix``."""
        found = [entry for each in (self.local, self.followed) if (entry := each.covering(prefix))]
        longest = max(found, key=lambda entry: entry.prefix.prefixlen, default=None)
        return longest and self.find(longest.prefix)

    def with_local(self, change: Change) -> tuple["Union", Effect]:
        """Return the union after a change of the local list, and what that makes of it."""
        effect = self._effect(change, change.new, self.followed)
        return Union(change.new, self.followed, effect.count), effect

    def with_followed(self, change: Change) -> tuple["Union", Effect]:
        """Return the union after a change of the feed's list, and what that makes of it."""
        effect = self._effect(change, self.local, change.new)
        return Union(self.local, change.new, effect.count), effect

    def _effect(self, change: Change, local: Allowlist, followed: Allowlist) -> Effect:
        touched = change.added.with_changes(change.gone, Allowlist.empty())
        before = unite(self.local.at(touched), self.followed.at(touched))
        after = unite(local.at(touched), followed.at(touched))
        return Effect(after.difference(before), before.without(after), self.count + len(after) - len(before))


def unite(local: Allowlist, followed: Allowlist) -> Allowlist:
    """Return the union of two lists as a list."""
    if not len(local) or not len(followed):
        return local if len(local) else followed
    both = _united_where_both(local.held_by(followed), followed.held_by(local))
    return followed.with_changes(local, Allowlist.empty()).with_changes(both, Allowlist.empty())


def united(one: Terms, another: Terms) -> Terms:
    """Return terms that allow what either allows, and no more."""
    note = one.note or another.note
    if not one.narrowed or not another.narrowed:
        return Terms(note=note)
    if one.protocols == another.protocols:
        return Terms(one.protocols, _merged(one.ports, another.ports), note)
    if one.ports == another.ports:
        return Terms(_either(one.protocols, another.protocols), one.ports, note)
    return replace(one, note=note, also=replace(another, note=""))


def _united_where_both(local: Allowlist, followed: Allowlist) -> Allowlist:
    """Return the union of two lists of the same prefixes."""
    pairs, pair_of = np.unique(local.terms.astype(np.uint64) << np.uint64(32) | followed.terms, return_inverse=True)
    ones, others = local.terms_table, followed.terms_table
    table = tuple(united(ones[pair >> 32], others[pair & 0xFFFF_FFFF]) for pair in pairs.tolist())
    return Allowlist(local.columns.with_terms(pair_of.astype(np.uint32)), table).tidy()


def _either(one: tuple[str, ...], another: tuple[str, ...]) -> tuple[str, ...]:
    if not one or not another:
        return ()
    return tuple(sorted({*one, *another}, key=PROTOCOLS.index))


def _merged(one: tuple[PortRange, ...], another: tuple[PortRange, ...]) -> tuple[PortRange, ...]:
    """Return the ranges of both, sorted, those that touch as one; none means every port."""
    if not one or not another:
        return ()
    merged: list[PortRange] = []
    for first, last in sorted(one + another):
        if merged and first <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(last, merged[-1][1]))
        else:
            merged.append((first, last))
    return tuple(merged)
