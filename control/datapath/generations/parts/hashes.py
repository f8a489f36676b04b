"""Hashes of addresses in numpy, as bpf/hash.h computes them."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Hashes = NDArray[np.uint32]
Addresses = NDArray[np.uint32]  # IPv4, in host order
Words = NDArray[np.uint32]  # IPv6, rows of four words in host order

_UPPER, _FOLDED = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xD6E8FEB86659FD93)


def mix(addresses: Addresses) -> Hashes:
    """Return mix() of bpf/hash.h for each IPv4 address: a permutation of the 32-bit numbers."""
    mixed = addresses ^ (addresses >> np.uint32(16))
    mixed *= np.uint32(0x7FEB352D)
    mixed ^= mixed >> np.uint32(15)
    mixed *= np.uint32(0x846CA68B)
    mixed ^= mixed >> np.uint32(16)
    return mixed


def unmix(hashes: Hashes) -> Addresses:
    """Return the addresses of which ``mix`` made these hashes; the factors are those of ``mix``, inverted mod 2^32."""
    address = hashes ^ (hashes >> np.uint32(16))
    address *= np.uint32(0x43021123)
    address ^= (address >> np.uint32(15)) ^ (address >> np.uint32(30))
    address *= np.uint32(0x1D69E2A5)
    address ^= address >> np.uint32(16)
    return address


def mix6(words: NDArray[Any]) -> Hashes:
    """Return mix6() of bpf/hash.h for each address of either family."""
    wide = words.astype(np.uint64)
    upper, lower = (wide[:, place] | wide[:, place + 1] << np.uint64(32) for place in (0, 2))
    mixed = upper * _UPPER ^ lower
    mixed ^= mixed >> np.uint64(32)
    mixed *= _FOLDED
    return (mixed >> np.uint64(32)).astype(np.uint32)
