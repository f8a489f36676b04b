"""What two entries' terms allow together and beside each other: exact, and never wider than either says.

Terms allow what belongs to their protocols as well (control/allowlist/companions.py), whether they say so or not.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from control.allowlist.allowlist import Allowlist
from control.allowlist.companions import completed
from control.allowlist.entry import MAX_PORT_RANGES, PortRange, Terms, merged
from control.vocabulary import PROTOCOLS, VPN_PROTOCOLS


def contains(wide: Terms, narrow: Terms) -> bool:
    """Return whether terms allow all that others allow."""
    if (wide.protocols, wide.ports, wide.also) == (narrow.protocols, narrow.ports, narrow.also):
        return True  # as where notes alone change, of a million entries
    whole, part = completed(wide), completed(narrow)
    return all(
        _covers(ports_for(whole, protocol), ports)
        for protocol in VPN_PROTOCOLS
        if (ports := ports_for(part, protocol)) is not None
    )


def ports_for(terms: Terms, protocol: str) -> tuple[PortRange, ...] | None:
    """Return the ports on which terms allow a protocol, the empty tuple for every one; None: it is not allowed."""
    mine = terms.ports if not terms.protocols or protocol in terms.protocols else None
    also = ports_for(terms.also, protocol) if terms.also else None
    if mine is None or also is None:
        return also if mine is None else mine
    return either_ports(mine, also)


def _covers(wide: tuple[PortRange, ...] | None, narrow: tuple[PortRange, ...]) -> bool:
    if wide is None or not wide:
        return wide is not None
    return bool(narrow) and all(any(first <= low and high <= last for first, last in wide) for low, high in narrow)


def united(one: Terms, another: Terms) -> Terms:
    """Return terms that allow what either allows, and no more; the note is the first that says something.

    Where protocols and ports differ both, the second terms stand beside the first (``Terms.also``).
    """
    note = one.note or another.note
    if contains(one, another):
        return replace(one, note=note)
    if contains(another, one):
        return replace(another, note=note)
    one, another = completed(one), completed(another)
    if one.protocols == another.protocols:
        return Terms(one.protocols, either_ports(one.ports, another.ports), note)
    if one.ports == another.ports:
        return Terms(_either(one.protocols, another.protocols), one.ports, note)
    return replace(one, note=note, also=replace(another, note=""))


def widened(held: Terms, new: Terms) -> Terms:
    """Return what an entry is while its new terms allow already and its present ones still do."""
    if contains(new, held):
        return new
    return held if contains(held, new) else replace(united(new, held), note=new.note)


def combined(ones: Allowlist, others: Allowlist, combine: Callable[[Terms, Terms], Terms]) -> Allowlist:
    """Return the list of the prefixes that two lists both consist of, with terms made of those of both."""
    pairs, pair_of = np.unique(ones.terms.astype(np.uint64) << np.uint64(32) | others.terms, return_inverse=True)
    table = tuple(
        combine(ones.terms_table[pair >> 32], others.terms_table[pair & 0xFFFF_FFFF]) for pair in pairs.tolist()
    )
    return Allowlist(ones.columns.with_terms(pair_of.astype(np.uint32)), table).tidy()


def are_narrowed(ones: Allowlist, others: Allowlist) -> NDArray[np.bool_]:
    """Return which rows lose something, of two lists that consist of the same prefixes."""
    pairs, pair_of = np.unique(ones.terms.astype(np.uint64) << np.uint64(32) | others.terms, return_inverse=True)
    narrowed = [
        not contains(others.terms_table[pair & 0xFFFF_FFFF], ones.terms_table[pair >> 32]) for pair in pairs.tolist()
    ]
    return np.array(narrowed, np.bool_)[pair_of]


def of_a_list(entries: Allowlist) -> Allowlist:
    """Return entries whose terms a list can keep: some that allow all of both, where they are of two lists."""
    table = tuple(map(_of_a_list, entries.terms_table))
    return entries if table == entries.terms_table else Allowlist(entries.columns, table).tidy()


def _of_a_list(terms: Terms) -> Terms:
    if terms.also:
        return _spanned(terms, terms.also)
    return terms if len(terms.ports) <= MAX_PORT_RANGES else replace(terms, ports=())


def _spanned(one: Terms, another: Terms) -> Terms:
    ports = either_ports(one.ports, another.ports)
    return Terms(_either(one.protocols, another.protocols), ports if len(ports) <= MAX_PORT_RANGES else (), one.note)


def _either(one: tuple[str, ...], another: tuple[str, ...]) -> tuple[str, ...]:
    if not one or not another:
        return ()
    return tuple(sorted({*one, *another}, key=PROTOCOLS.index))


def either_ports(one: tuple[PortRange, ...], another: tuple[PortRange, ...]) -> tuple[PortRange, ...]:
    """Return the ranges of both; none means every port."""
    return merged(one + another) if one and another else ()
