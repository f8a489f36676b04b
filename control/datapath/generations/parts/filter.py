"""A filter of hosts: it says for certain that one is not in a set. See bpf/filter.h.

A bit is never taken away: what is left of a host that is gone costs a look-up, and with the next whole list it goes.
"""

import numpy as np
from numpy.typing import NDArray

from control.datapath.generations.parts.buckets import shift_of
from control.datapath.generations.parts.hashes import Hashes

FilterWords = NDArray[np.uint64]

HOSTS_A_WORD = 8  # at most: 8 bits each, of which two are set; 5 % of strangers pass, and it is half as large
FEWEST = 64  # words
ASKED_FROM = 1 << 14  # words: the sets of fewer hosts fit the second-level cache themselves


def words_for(hosts: int) -> int:
    """Return how many words a filter of so many hosts gets: a power of two."""
    return max(FEWEST, 1 << (max(0, hosts - 1) // HOSTS_A_WORD).bit_length())


def bits_of(hashes: Hashes) -> FilterWords:
    """Return the two bits of each host in its word."""
    one, low = np.uint64(1), hashes.astype(np.uint64)
    return one << (low & np.uint64(63)) | one << (low >> np.uint64(6) & np.uint64(63))


def add_sorted(words: FilterWords, hashes: Hashes) -> None:
    """Let the filter know hosts, of hashes in order."""
    if not len(hashes):
        return
    place = hashes >> np.uint32(shift_of(len(words)))
    first = np.flatnonzero(np.concatenate([[True], place[1:] != place[:-1]]))
    words[place[first]] |= np.bitwise_or.reduceat(bits_of(hashes), first)


def add(words: FilterWords, host_hash: int) -> None:
    """Let the filter know one host; one store, of a word that has all that was in it."""
    add_sorted(words, np.array([host_hash], np.uint32))


def passes(words: FilterWords, hashes: Hashes) -> NDArray[np.bool_]:
    """Return for each host whether the filter lets it pass."""
    bits = bits_of(hashes)
    both: NDArray[np.bool_] = (words[hashes >> np.uint32(shift_of(len(words)))] & bits) == bits
    return both
