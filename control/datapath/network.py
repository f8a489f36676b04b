"""What the program is told of the network that it runs in: the router's own addresses, and its NAT64."""

from collections.abc import Collection, Sequence
from ipaddress import IPv6Address, IPv6Network

import numpy as np
from numpy.typing import NDArray

from control.allowlist import mapped
from control.allowlist.mapped import Address
from control.datapath import syscall
from control.datapath.generations.parts import filter as filters
from control.datapath.generations.parts.hashes import spread, spread6
from control.datapath.program.layout import map_shapes, structure
from control.datapath.program.maps import Maps, array
from control.vocabulary import constant

MOST_ADDRESSES = constant("LOCALS")
"""That a router may have."""

LOCAL = structure("local")
MOST_TRANSLATIONS = constant("TRANSLATIONS")


class Network:
    """The network's own, in the kernel's memory."""

    def __init__(self, opened: Maps) -> None:
        self._locals, self._nat64 = opened.maps["locals"], array(opened, "translations")
        self._controls = array(opened, "controls")

    def addresses(self) -> set[Address]:
        """Return the addresses that are told to be the router's own."""
        keys, _ = syscall.read_all(self._locals, LOCAL, map_shapes()["locals"].value, MOST_ADDRESSES)
        return {_address(words) for words in keys["address"].tolist()}

    def add(self, addresses: Collection[Address]) -> None:
        """Tell of addresses that the router has.

        Raises:
            OSError: E2BIG or ENOMEM, they are too many.
        """
        keys = _keys(addresses)
        filters.add_sorted(self._filter, _hashes(keys))
        syscall.update_batch(self._locals, keys, np.ones(len(keys), np.uint32))

    def remove(self, addresses: Collection[Address]) -> None:
        """Tell of addresses that it has no more."""
        for key in _keys(addresses):
            syscall.delete(self._locals, np.array([key]))
        held = np.zeros(len(self._filter), np.uint64)
        filters.add_sorted(held, _hashes(_keys(self.addresses())))
        self._filter[:] = held  # no word ever lacks what stays

    @property
    def _filter(self) -> filters.FilterWords:
        words: filters.FilterWords = self._controls["locals"][0]
        return words

    def translate(self, prefixes: Sequence[IPv6Network]) -> None:
        """Say behind which prefixes there is an IPv4 address, at most ``nat64.MOST``. One that stays is never away."""
        table, masks = self._nat64[0]["prefixes"], self._nat64[0]["masks"]
        self._controls["translations"] = MOST_TRANSLATIONS
        held = [_prefix(row) for row in table]
        fresh = [prefix for prefix in dict.fromkeys(prefixes) if prefix not in held]
        for place, prefix in enumerate(held):
            if prefix in prefixes:
                continue
            table["length"][place] = 0
            if fresh:
                prefix = fresh.pop()
                masks["address"][place], table["address"][place] = _words(prefix.netmask), _words(prefix[0])
                table["length"][place] = prefix.prefixlen
        used = np.flatnonzero(table["length"])
        self._controls["translations"] = int(used[-1]) + 1 if len(used) else 0

    def translations(self) -> set[IPv6Network]:
        """Return the prefixes of NAT64 that the program looks behind."""
        return {prefix for row in self._nat64[0]["prefixes"] if (prefix := _prefix(row))}


def _prefix(row: np.void) -> IPv6Network | None:
    length = int(row["length"])
    return IPv6Network((int(mapped.address_of(row["address"].tolist(), 6)), length)) if length else None


def _words(address: IPv6Address) -> list[int]:
    return [int(address) >> shift & 0xFFFF_FFFF for shift in (96, 64, 32, 0)]


def _keys(addresses: Collection[Address]) -> NDArray[np.void]:
    keys = np.zeros(len(addresses), LOCAL)
    if addresses:
        numbers = [mapped.number_of(address) for address in addresses]
        high, low = (np.array([half(number) for number in numbers], np.uint64) for half in (_upper, _lower))
        keys["address"] = mapped.words_of(high, low)
    return keys


def _hashes(keys: NDArray[np.void]) -> NDArray[np.uint32]:
    """Return the hashes by which the filter knows addresses, in order."""
    words = keys["address"]
    are_ipv4 = mapped.are_ipv4(*mapped.halves_of(words))
    return np.sort(np.where(are_ipv4, spread(words[:, 3]), spread6(words)))


def _upper(number: int) -> int:
    return number >> 64


def _lower(number: int) -> int:
    return number & 0xFFFF_FFFF_FFFF_FFFF


def _address(words: Sequence[int]) -> Address:
    return mapped.folded(mapped.address_of(words, 6))
