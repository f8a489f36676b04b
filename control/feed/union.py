"""The live list as the union of two: what the local list or the feed's list allows is allowed.

Where both hold one prefix with different terms, a packet passes that either lets pass. The kernel has a rule for each
range of ports, and room for as many as two entries can have (MAX_PORT_RANGES each), so no union is wider than it says.
"""

from dataclasses import dataclass, replace

import numpy as np

from control.allowlist.allowlist import Allowlist
from control.allowlist.entry import PortRange, Terms
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


def unite(local: Allowlist, followed: Allowlist) -> Allowlist:
    """Return the union of two lists."""
    if not len(local) or not len(followed):
        return local if len(local) else followed
    both = _united_where_both(local.held_by(followed), followed.held_by(local))
    return followed.with_changes(local, Allowlist.empty()).with_changes(both, Allowlist.empty())


def carried(change: Change, other: Allowlist, live: Allowlist) -> Change:
    """Return what a change of one of the two lists, ``other`` being the other, makes of the live list.

    It costs no more than the change is big, beside one copy of the live list.
    """
    if not len(other):
        return change
    touched = change.added.with_changes(change.gone, Allowlist.empty())
    near = unite(change.new.at(touched), other.at(touched))
    new = live.with_changes(near, touched) if len(change.new) else other
    return Change(new, near.difference(live), touched.held_by(live).without(near))


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
