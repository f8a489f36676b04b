"""Hashes of addresses in numpy, as bpf/hash.h computes them."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Hashes = NDArray[np.uint32]
Addresses = NDArray[np.uint32]  # IPv4, in host order
Words = NDArray[np.uint32]  # IPv6, rows of four words in host order

_UPPER, _FOLDED = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xD6E8FEB86659FD93)


def spread(addresses: Addresses) -> Hashes:
    """Return spread() of bpf/hash.h for each IPv4 address: a permutation of the 32-bit numbers."""
    hashes = addresses * np.uint32(0x9E3779B1)
    hashes ^= hashes >> np.uint32(15)
    hashes *= np.uint32(0x85EBCA77)
    return hashes


def unspread(hashes: Hashes) -> Addresses:
    """Return the addresses of these hashes, by the factors of ``spread`` inverted modulo 2^32."""
    addresses = hashes * np.uint32(pow(0x85EBCA77, -1, 1 << 32))
    addresses ^= (addresses >> np.uint32(15)) ^ (addresses >> np.uint32(30))
    addresses *= np.uint32(pow(0x9E3779B1, -1, 1 << 32))
    return addresses


def spread6(words: NDArray[Any]) -> Hashes:
    """Return spread6() of bpf/hash.h for each address of either family."""
    wide = words.astype(np.uint64)
    upper, lower = (wide[:, place] | wide[:, place + 1] << np.uint64(32) for place in (0, 2))
    mixed = upper * _UPPER ^ lower
    mixed ^= mixed >> np.uint64(32)
    mixed *= _FOLDED
    return (mixed >> np.uint64(32)).astype(np.uint32)
