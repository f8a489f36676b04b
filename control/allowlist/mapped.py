"""IPv4 among IPv6 addresses: the one place that knows how both families share one order.

In a list's columns, in the kernel's maps and in the registry's database an IPv4 address is its IPv4-mapped IPv6
address (RFC 4291, section 2.5.5.2), and its prefix lengths are 96 more than its own: 192.0.2.0/24 is
::ffff:192.0.2.0/120. No IPv6 prefix can lie there, so what is written as one, at any door, is the IPv4 prefix that it
means (``folded``).
"""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Any

import numpy as np
from numpy.typing import NDArray

from control.allowlist.entry import Prefix

Address = IPv4Address | IPv6Address
Key = tuple[int, int, int]
"""Of a prefix: the upper and the lower 64 bits of its first address, and its length among IPv6's, 1 to 128."""

NETWORK = IPv6Network("::ffff:0:0/96")
FIRST, LAST = int(NETWORK[0]), int(NETWORK[-1])
SHIFT = NETWORK.prefixlen
HOST = 128
"""The length of a single address of either family."""

_HALF, _WORD, _QUARTER = np.uint64(32), 0xFFFF_FFFF, 0xFFFF_FFFF_FFFF_FFFF
_LOW, _LAST = np.uint64(FIRST), np.uint64(LAST)


def number_of(address: Address) -> int:
    """Return an address as a number of 128 bits."""
    return int(address) + (FIRST if address.version == 4 else 0)


def length_of(length: int, version: int) -> int:
    """Return a family's own prefix length as one among IPv6's."""
    return length + SHIFT if version == 4 else length


def own_length(length: int, version: int) -> int:
    """Return a prefix length among IPv6's as the family itself counts."""
    return length - SHIFT if version == 4 else length


def key_of(prefix: Prefix) -> Key:
    """Return the key of a prefix.

    Raises:
        ValueError: an IPv6 prefix that overlaps the IPv4-mapped addresses has no key of its own.
    """
    if prefix.version == 6 and prefix.overlaps(NETWORK):
        raise ValueError(f"{prefix} overlaps the IPv4-mapped addresses {NETWORK}")
    number = number_of(prefix.network_address)
    return number >> 64, number & _QUARTER, length_of(prefix.prefixlen, prefix.version)


def prefix_of(high: int, low: int, length: int) -> Prefix:
    """Return the prefix of a key."""
    number = high << 64 | low
    if FIRST <= number <= LAST:
        return IPv4Network((number - FIRST, own_length(length, 4)))
    return IPv6Network((number, length))


def covering_lengths(prefix: Prefix) -> range:
    """Return the lengths, among IPv6's, of the prefix and of every wider one of its family, the widest first."""
    return range(length_of(1, prefix.version), length_of(prefix.prefixlen, prefix.version) + 1)


def folded(address: Address) -> Address:
    """Return the IPv4 address that an IPv4-mapped one means; any other as it is."""
    return (address.version == 6 and address.ipv4_mapped) or address


def address_of(words: Sequence[int], version: int) -> Address:
    """Return an address from four words of 32 bits, the highest first, as the kernel has it."""
    if version == 4:
        return IPv4Address(words[3])
    return IPv6Address(words[0] << 96 | words[1] << 64 | words[2] << 32 | words[3])


def low_of(addresses: NDArray[np.uint32]) -> NDArray[np.uint64]:
    """Return the lower 64 bits of IPv4 addresses; the upper ones are 0."""
    return addresses.astype(np.uint64) | _LOW


def are_ipv4(high: NDArray[np.uint64], low: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """Return which of these addresses, in two halves, are IPv4."""
    mapped: NDArray[np.bool_] = (low >= _LOW) & (low <= _LAST)
    mapped &= high == 0
    return mapped


def words_of(high: NDArray[np.uint64], low: NDArray[np.uint64]) -> NDArray[np.uint32]:
    """Return addresses in two halves as rows of four words, as the kernel has them."""
    return np.stack([high >> _HALF, high, low >> _HALF, low], axis=1).astype(np.uint32)


def halves_of(words: NDArray[Any]) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """Return addresses in rows of four words as two halves."""
    wide = words.astype(np.uint64)
    return wide[:, 0] << _HALF | wide[:, 1], wide[:, 2] << _HALF | wide[:, 3]
