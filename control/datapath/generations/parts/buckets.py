"""Tables of which a hash chooses a bucket, or a word: by its upper bits, so that hashes in order fill them in order."""

import numpy as np
from numpy.typing import NDArray

from control.datapath.generations.parts.hashes import Hashes


def shift_of(count: int) -> int:
    """Return by how much a hash is shifted to become a number among so many, a power of two."""
    return 33 - count.bit_length()


def placed(hashes: Hashes, count: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return for each of some hashes in order its bucket, of so many, and the how-manieth it is in there, from 0 on."""
    bucket = (hashes >> np.uint32(shift_of(count))).astype(np.intp)
    first = np.zeros(count + 1, np.intp)
    np.cumsum(np.bincount(bucket, minlength=count), out=first[1:])
    return bucket, np.arange(len(hashes)) - first[bucket]
