"""What of the address space is nobody's alone: not routed, private, for documentation; and what is very much of it."""

from collections.abc import Sequence
from functools import cache
from ipaddress import IPv4Network, IPv6Network

import numpy as np

from control.allowlist import columnar, mapped
from control.allowlist.allowlist import Allowlist
from control.allowlist.columnar import Columns
from control.allowlist.entry import Prefix
from control.allowlist.naming import named
from control.allowlist.search import locate

PRIVATE = tuple(
    IPv4Network(each) for each in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")
) + tuple(IPv6Network(each) for each in ("fc00::/7",))
"""RFC 1918, section 3; RFC 6598, section 7 (shared by a provider's subscribers); RFC 4193, section 3.1."""

DOCUMENTATION = tuple(
    IPv4Network(each) for each in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "198.18.0.0/15")
) + tuple(IPv6Network(each) for each in ("2001:db8::/32", "3fff::/20"))
"""RFC 5737, section 3; RFC 2544, appendix C.2.2 (benchmarks); RFC 3849, section 2; RFC 9637, section 3."""

UNROUTED = tuple(
    IPv4Network(each)
    for each in ("0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "192.0.0.0/24", "192.88.99.0/24", "240.0.0.0/4")
) + tuple(IPv6Network(each) for each in ("2001::/23", "2002::/16"))
"""From IANA's registries of special-purpose addresses (RFC 6890, as updated)."""

GLOBAL6 = IPv6Network("2000::/3")
"""What IANA gives out as global unicast; the rest of IPv6 is no one's (RFC 4291, section 2.4)."""

WIDE = {4: 16, 6: 32}
"""Prefix lengths below which an entry is worth a word: 65,536 IPv4 addresses; an IPv6 provider's usual allocation."""

BEHIND = 255  # a length that is more than any prefix's: a row of it belongs behind all of the same address
NAMED = 5  # prefixes that a doubt names


def doubts(entries: Allowlist) -> list[str]:
    """Return what is odd about registering entries, in words; none is a fault."""
    found = {
        "not routed on the internet": _overlapping(entries, UNROUTED),
        "private address space": _overlapping(entries, PRIVATE),
        f"wider than /{WIDE[4]}, or /{WIDE[6]} for IPv6": _wide(entries),
    }
    return [f"{what}: {named(some, NAMED)}" for what, some in found.items() if len(some)]


def _overlapping(entries: Allowlist, networks: Sequence[Prefix]) -> Allowlist:
    mask = np.zeros(len(entries), np.bool_)
    rows, _ = locate(entries.columns, _bounds(tuple(networks)))
    for begin, end in rows.reshape(-1, 2).tolist():
        mask[begin:end] = True
    wide = columnar.wider_than_host(entries.columns)  # which may begin before a network, and reach into it
    if len(wide):
        columns = entries.columns.take(wide)
        for network in networks:
            first, last = (mapped.number_of(address) for address in (network[0], network[-1]))
            mask[wide[columnar.overlap(columns, first, last)]] = True
    return entries.only(mask)


@cache
def _bounds(networks: tuple[Prefix, ...]) -> Columns:
    """Return where the rows within each network begin, and where they end: two rows each, in the order of a list.

    No network lies in another one.
    """
    rows = [
        (*divmod(mapped.number_of(address), 1 << 64), length)
        for network in networks
        for address, length in ((network[0], 0), (network[-1], BEHIND))
    ]
    high, low, length = zip(*sorted(rows), strict=True)
    return columnar.of_numbers(high, low, length, [0] * len(rows))


def _wide(entries: Allowlist) -> Allowlist:
    entries = entries.wide()
    is_ipv4 = mapped.are_ipv4(entries.high, entries.low)
    shortest = np.where(is_ipv4, mapped.length_of(WIDE[4], 4), mapped.length_of(WIDE[6], 6))
    return entries.only(entries.length < shortest)
