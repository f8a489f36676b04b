"""Random IPv4 addresses that a list may hold, the same in each run."""

import numpy as np
from numpy.typing import NDArray

Addresses = NDArray[np.uint32]

FIRST, LAST = 1 << 24, 127 << 24  # 1.0.0.0 up to before the loopback's: nothing there is reserved as a whole


def some(count: int, seed: int) -> Addresses:
    """Return so many distinct addresses in random order."""
    random = np.random.default_rng(seed)
    drawn = np.unique(random.integers(FIRST, LAST, count + count // 50 + 64, np.uint32))
    return random.permutation(drawn)[:count]


def texts(addresses: Addresses) -> list[str]:
    """Return the addresses in dotted notation."""
    octets = addresses.astype(">u4").view(np.uint8).reshape(-1, 4).tolist()
    return [".".join(map(str, four)) for four in octets]


def csv(addresses: Addresses) -> bytes:
    """Return a list with a header and one column, as an operator would export it."""
    return "\n".join(["address", *texts(addresses), ""]).encode()
