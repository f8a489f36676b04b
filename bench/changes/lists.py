"""Files with whole lists, as an operator would export them."""

from pathlib import Path

import numpy as np

from bench import addresses
from bench.addresses import Addresses

MILLION = 1_000_000
ALWAYS = 1000  # addresses that are on every list, and that handshakes go to while lists change
OF_ALWAYS, OF_OTHERS = 5, 10  # seeds


def always() -> Addresses:
    """Return the addresses that are on every list."""
    return addresses.some(ALWAYS, OF_ALWAYS)


class Lists:
    """Lists that share next to nothing but the addresses that are always there."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def file(self, size: int, number: int) -> Path:
        """Return the file of a list of so many addresses, the same for the same number."""
        path = self._directory / f"{size}-{number}.csv"
        if not path.exists():
            others = np.setdiff1d(addresses.some(size, OF_OTHERS + number), always())[: size - ALWAYS]
            path.write_bytes(addresses.csv(np.concatenate([always(), others])))
        return path
