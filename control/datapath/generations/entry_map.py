"""Entries as the kernel's hash map holds them: prefixes, narrowed hosts, and those that their set had no room for."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from control.allowlist import companions, mapped
from control.allowlist.allowlist import Allowlist
from control.allowlist.columnar import Columns, is_ipv4, of_ipv4
from control.allowlist.entry import MAX_PORT_RANGES, PLAIN, Terms
from control.datapath.program.layout import structure
from control.vocabulary import PROTOCOLS, constant

KEY, ENTRY = structure("prefix"), structure("entry")
RULES = constant("RULES")
EVERY_PROTOCOL = 0xFFFF
ALL_PORTS = ((0, 0xFFFF),)
_ODD = np.uint64(0x9E3779B97F4A7C15)  # 2^64 over the golden ratio: it spreads what it multiplies

Rule = tuple[int, int, int]  # bits of protocols, first and last port

Keys = NDArray[Any]  # of KEY
Entries = NDArray[Any]  # of ENTRY


@dataclass(frozen=True, slots=True)
class KernelRows:
    """A list as the kernel takes it.

    Attributes:
        plain4: u32, the IPv4 hosts that every protocol and port may use; for their exact set.
        plain6: such hosts of IPv6, rows of four words; for theirs.
        keys, entries: everything else, for the hash map.
    """

    plain4: NDArray[np.uint32]
    plain6: NDArray[np.uint32]
    keys: Keys
    entries: Entries

    @property
    def beside_plain4(self) -> tuple[Keys, Entries]:
        """The keys of all but the plain IPv4 hosts, and their entries."""
        plain = np.zeros(len(self.plain6), ENTRY)
        return np.concatenate([self.keys, word_keys(self.plain6)]), np.concatenate([self.entries, plain])


def kernel_rows(allowlist: Allowlist) -> KernelRows:
    """Return the list's rows, divided between exact sets and hash map."""
    narrowed = np.array([bool(terms.protocols or terms.ports) for terms in allowlist.terms_table], np.bool_)
    plain = (allowlist.length == mapped.HOST) & ~narrowed[allowlist.terms]
    plain4 = plain & is_ipv4(allowlist.columns)
    plain6, rest = plain & ~plain4, ~plain
    entries = np.stack([entry_of(terms) for terms in allowlist.terms_table])[allowlist.terms[rest]]
    keys = keys_of(allowlist.high[rest], allowlist.low[rest], allowlist.length[rest])
    words6 = mapped.words_of(allowlist.high[plain6], allowlist.low[plain6])
    return KernelRows(allowlist.low[plain4].astype(np.uint32), words6, keys, entries)


def keys_of(high: NDArray[np.uint64], low: NDArray[np.uint64], length: NDArray[Any]) -> Keys:
    """Return the keys of prefixes: 128-bit addresses in two halves, and lengths 1 to 128."""
    keys = np.zeros(len(high), KEY)
    keys["length"] = length
    keys["address"] = mapped.words_of(high, low)
    return keys


def host_keys(addresses: NDArray[np.uint32]) -> Keys:
    """Return the keys of IPv4 hosts."""
    words = np.zeros((len(addresses), 4), np.uint32)
    words[:, 2], words[:, 3] = 0xFFFF, addresses
    return word_keys(words)


def word_keys(words: NDArray[np.uint32]) -> Keys:
    """Return the keys of hosts, rows of four words."""
    keys = np.zeros(len(words), KEY)
    keys["length"], keys["address"] = mapped.HOST, words
    return keys


def are_hosts(keys: Keys) -> NDArray[np.bool_]:
    """Return which keys are hosts', of either family."""
    hosts: NDArray[np.bool_] = keys["length"] == mapped.HOST
    return hosts


def are_ipv4(keys: Keys) -> NDArray[np.bool_]:
    """Return which keys are IPv4's."""
    return mapped.are_ipv4(*mapped.halves_of(keys["address"]))


def hosts_among(keys: Keys, family: int) -> NDArray[np.uint32]:
    """Return those keys that are hosts' of a family: IPv4 addresses, or rows of four words."""
    of_family = are_hosts(keys) & (are_ipv4(keys) == (family == 4))
    hosts: NDArray[np.uint32] = keys["address"][of_family]
    return hosts[:, 3] if family == 4 else hosts


def prefixes_among(keys: Keys, family: int) -> Keys:
    """Return those keys that are no hosts', of a family."""
    prefixes: Keys = keys[~are_hosts(keys) & (are_ipv4(keys) == (family == 4))]
    return prefixes


def entry_of(terms: Terms) -> Entries:
    """Return what the kernel keeps of an entry's terms: a rule for each range of ports, as one ENTRY.

    They are completed by what belongs to their protocols: an entry that was accepted before there were companions lets
    its whole VPN through. For want of room ranges of ports are joined, with what lies between them.
    """
    entry = np.zeros((), ENTRY)
    whole = companions.completed(terms)
    if not whole.narrowed:
        return entry
    rules = _fitted([*_rules_of(whole), *(_rules_of(whole.also) if whole.also else ())])
    entry["rules"] = len(rules)
    entry["rule"][: len(rules)] = np.array(rules, ENTRY["rule"].base)
    return entry


def _rules_of(terms: Terms) -> list[Rule]:
    protocols = sum(1 << PROTOCOLS.index(name) for name in terms.protocols) or EVERY_PROTOCOL
    return [(protocols, first, last) for first, last in terms.ports or ALL_PORTS]


def _fitted(rules: list[Rule]) -> list[Rule]:
    """Return rules that allow no less, as many as there is room for: those that lie nearest to each other as one.

    Two entries of today have room; completed, two of an older version may have not.
    """
    while len(rules) > RULES:
        rules = sorted(rules)
        gaps = [
            (after[1] - before[2], place)
            for place, (before, after) in enumerate(pairwise(rules))
            if before[0] == after[0]
        ]
        place = min(gaps)[1]
        before, after = rules[place : place + 2]
        rules[place : place + 2] = [(before[0], before[1], max(before[2], after[2]))]
    return rules


def terms_of(entry: Any) -> Terms:
    """Return the terms that ``entry_of`` made this of, completed; a note is not kept in the kernel.

    Of the terms of two lists it returns some that allow all of both: every port where they are not the same.
    """
    rules = entry["rule"][: entry["rules"]]
    if not len(rules):
        return PLAIN
    bits = int(np.bitwise_or.reduce(rules["protocols"]))
    protocols = () if bits == EVERY_PROTOCOL else tuple(n for i, n in enumerate(PROTOCOLS) if bits >> i & 1)
    ports = tuple((int(rule["first"]), int(rule["last"])) for rule in rules)
    is_of_one_list = bool((rules["protocols"] == bits).all()) and len(ports) <= MAX_PORT_RANGES
    return Terms(protocols, ports if is_of_one_list and ports != ALL_PORTS else (), "")


def list_of(hosts: NDArray[np.uint32], keys: Keys, entries: Entries) -> Allowlist:
    """Return the list that the kernel holds as ``hosts`` of the exact set and as entries of the hash map."""
    high, low = mapped.halves_of(keys["address"])
    content = entries.copy()
    content["seen"] = 0
    distinct, which = np.unique(content.view(f"V{ENTRY.itemsize}"), return_inverse=True)
    table = [terms_of(entry) for entry in distinct.view(ENTRY)]
    numbers = np.array([0 if terms == PLAIN else place for place, terms in enumerate(table, 1)], np.uint32)
    terms = numbers[which] if len(table) else np.empty(0, np.uint32)
    others = Columns(high, low, keys["length"].astype(np.uint8), terms)
    rest = Allowlist.from_rows(others, (PLAIN, *table))
    return rest.with_changes(Allowlist.from_rows(of_ipv4(np.sort(hosts))), Allowlist.empty()).tidy()


def digest(keys: Keys, entries: Entries) -> int:
    """Return a 64-bit number that does not depend on the rows' order; what the kernel marks as seen has no part.

    It is the sum of the rows' numbers modulo 2^64, so that it follows a change: plus what comes, minus what goes. It
    tells damage and what was left half done, and is no defence against forgers.
    """
    content = entries.copy()
    content["seen"] = 0
    return int(_hashed_rows(_hashed(_words(keys)), _hashed(_words(content))).sum(dtype=np.uint64))


def digest_of(rows: KernelRows) -> int:
    """Return ``digest`` of all rows of a list."""
    return (digest_of_hosts(rows.plain4) + digest(*rows.beside_plain4)) % (1 << 64)


def digest_of_hosts(addresses: NDArray[np.uint32]) -> int:
    """Return ``digest`` of plain IPv4 hosts, of whose keys all but the last word are the same."""
    plain = _hashed(_words(np.zeros(1, ENTRY)))
    hashed = _hashed(_words(host_keys(np.zeros(1, np.uint32)))[:, :-1]) ^ addresses
    return int(_hashed_rows(_mixed(hashed), plain).sum(dtype=np.uint64))


def _words(rows: NDArray[Any]) -> NDArray[np.uint32]:
    return rows.view(np.uint32).reshape(len(rows), rows.dtype.itemsize // 4)


def _hashed(words: NDArray[np.uint32]) -> NDArray[np.uint64]:
    hashed = np.zeros(len(words), np.uint64)
    for column in words.T:
        hashed = _mixed(hashed ^ column)
    return hashed


def _mixed(hashed: NDArray[np.uint64]) -> NDArray[np.uint64]:
    hashed *= _ODD
    hashed ^= hashed >> np.uint64(29)
    return hashed


def _hashed_rows(keys: NDArray[np.uint64], entries: NDArray[np.uint64]) -> NDArray[np.uint64]:
    mixed = keys ^ (entries + _ODD)
    mixed *= _ODD
    mixed ^= mixed >> np.uint64(32)
    mixed *= _ODD
    return mixed
