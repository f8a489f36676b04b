"""The exact set: plain IPv4 addresses in buckets of half a cache line, built and searched in numpy.

A bucket holds seven addresses; the few that find their bucket full go to the hash map of entries, and the bucket
says so. The table is the kernel's own memory, an array map that is mapped into this process.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from control.datapath.program.layout import structure
from control.vocabulary import constant

BUCKET = structure("bucket")
BUCKET_SLOTS = constant("BUCKET_SLOTS")
FEWEST = 16  # buckets

Addresses = NDArray[np.uint32]
Buckets = NDArray[Any]  # of BUCKET


def mix(addresses: Addresses) -> Addresses:
    """Return mix() of bpf/hash.h for each address: a permutation of the 32-bit numbers."""
    mixed = addresses ^ (addresses >> np.uint32(16))
    mixed = mixed * np.uint32(0x7FEB352D)
    mixed ^= mixed >> np.uint32(15)
    mixed *= np.uint32(0x846CA68B)
    mixed ^= mixed >> np.uint32(16)
    return mixed


def buckets_for(addresses: int) -> int:
    """Return how many buckets a set of so many addresses gets: a power of two, two to four addresses in each.

    At four, one address in sixty overflows (measured: 17,098 of a million); at seven half of the buckets do.
    """
    return max(FEWEST, 1 << (addresses // 4).bit_length())


def shift_of(buckets: int) -> int:
    """Return by how much a mixed address is shifted to become the number of its bucket."""
    return 33 - buckets.bit_length()


def build(addresses: Addresses) -> tuple[Buckets, Addresses]:
    """Return the table of distinct ``addresses``, and those that found their bucket full.

    Raises:
        ValueError: 0.0.0.0 is among them, which marks a free slot.
    """
    if (addresses == 0).any():
        raise ValueError("0.0.0.0 cannot be in the exact set")
    table = np.zeros(buckets_for(len(addresses)), BUCKET)
    mixed = mix(addresses).astype(np.uint64)
    by_bucket = np.sort(mixed << np.uint64(32) | addresses)
    addresses = by_bucket.astype(np.uint32)
    bucket = (by_bucket >> np.uint64(32 + shift_of(len(table)))).astype(np.intp)
    first = np.zeros(len(table) + 1, np.intp)
    np.cumsum(np.bincount(bucket, minlength=len(table)), out=first[1:])
    place = np.arange(len(addresses)) - first[bucket]
    fits = place < BUCKET_SLOTS
    table["address"][bucket[fits], place[fits]] = addresses[fits]
    table["overflowed"][bucket[~fits]] = 1
    return table, addresses[~fits]


def bucket_of(table: Buckets, address: int) -> int:
    """Return the number of the bucket in which ``address`` belongs."""
    return int(mix(np.array([address], np.uint32))[0]) >> shift_of(len(table))


def holds(table: Buckets, address: int) -> bool:
    """Return whether ``address`` stands in its bucket."""
    return bool((table[bucket_of(table, address)]["address"] == address).any())


def insert(table: Buckets, address: int) -> bool:
    """Store one address, by one aligned store of four bytes; return whether its bucket had room."""
    slots = table[bucket_of(table, address)]["address"]
    if (slots == address).any():
        return True
    free = np.flatnonzero(slots == 0)
    if not len(free):
        return False
    slots[free[0]] = address
    return True


def remove(table: Buckets, address: int) -> bool:
    """Remove one address; return whether it was in its bucket."""
    number = bucket_of(table, address)
    slots = table[number]["address"]
    held = np.flatnonzero(slots == address)
    if not len(held):
        return False
    slots[held[0]] = 0
    table["seen"][number] &= ~np.uint8(1 << held[0])
    return True


def expect_overflow(table: Buckets, addresses: Addresses) -> None:
    """Let the buckets of ``addresses`` say that more is in the hash map; those must be there already."""
    table["overflowed"][mix(addresses) >> np.uint32(shift_of(len(table)))] = 1


def sweep(table: Buckets) -> Addresses:
    """Return the addresses that were looked up since the last sweep, and forget that they were.

    A bit that the kernel sets in the very moment may be lost with it; the next packet sets it again.
    """
    numbers = np.flatnonzero(table["seen"])
    seen = table["seen"][numbers]
    table["seen"][numbers] = 0
    bits = np.unpackbits(seen[:, np.newaxis], axis=1, bitorder="little")[:, :BUCKET_SLOTS].astype(np.bool_)
    addresses: Addresses = table["address"][numbers][bits]
    held: Addresses = addresses[addresses != 0]
    return held
