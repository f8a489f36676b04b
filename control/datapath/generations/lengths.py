"""Of which lengths there are entries, as a generation describes it: a packet is looked up once for each.

An IPv6 length is counted as 128 more than it is, since both families stand in one count.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from control.allowlist import mapped
from control.datapath.generations.entry_map import KEY, Keys, are_hosts, are_ipv4, keys_of

IPV6 = 128
FAMILIES = {"lengths4": 0, "lengths6": IPV6}


def count(keys: Keys) -> Counter[int]:
    """Return how many keys there are of each length; IPv4 hosts are left out, for which a length always stands."""
    marked = keys["length"] + np.where(are_ipv4(keys), 0, IPV6)
    lengths, counts = np.unique(marked[~are_hosts(keys)], return_counts=True)
    return Counter(dict(zip(lengths.tolist(), counts.tolist(), strict=True)))


def describe(description: Any, counted: Counter[int]) -> None:
    """Write all lengths into a struct generation, the longest first, and length 0 behind the last."""
    for name, above in FAMILIES.items():
        lengths = sorted((length - above for length in counted if above < length <= above + IPV6), reverse=True)
        if name == "lengths4":
            lengths.insert(0, mapped.HOST)
        description[name][: len(lengths)] = _masks(lengths)
        description[name][len(lengths) :] = np.zeros((), KEY)


def add(description: Any, length: int) -> None:
    """Write one more length behind the last, if it is not there: its mask first, since a packet may be reading."""
    name = "lengths6" if length > IPV6 else "lengths4"
    present = description[name]
    own = length - FAMILIES[name]
    if own in present["length"]:
        return
    place = int(np.argmin(present["length"]))  # the first 0, which ends the list
    (mask,) = _masks([own])
    present["address"][place] = mask["address"]
    present["length"][place] = mask["length"]


def _masks(lengths: Sequence[int]) -> Keys:
    """Return each length, as in struct prefix, with the mask that leaves a prefix of it."""
    ones = (1 << 128) - 1
    masks = [ones ^ (ones >> length) for length in lengths]
    high = np.array([mask >> 64 for mask in masks], np.uint64)
    low = np.array([mask & (1 << 64) - 1 for mask in masks], np.uint64)
    return keys_of(high, low, np.array(lengths, np.uint32))
