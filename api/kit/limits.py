"""How often a token or an address may ask, counted together by all processes of the server.

The counts are in memory that the processes share since they were forked, so no store has to run beside the server.
A row of cells for each of ROWS hashes has, for each key that falls on it, the time at which its allowance is whole
again (the generic cell rate algorithm of ATM, ITU-T I.371). Keys that meet in one cell are told apart by the other
rows: the least of a key's cells counts. So memory is bounded whoever asks, nothing has to be cleared, and no address
is kept, only times under a secret hash.

Nothing is locked: two processes that count for one key at the same moment may lose a count. A limit can bear that; a
lock that dies with its holder it cannot.
"""

import hashlib
import mmap
import secrets
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address, ip_network

from control.allowlist import mapped

ROWS = 4
CELLS = 1 << 16
SUBSCRIBER = 64
"""Bits of IPv6 that one subscriber has at the least (RFC 6177, section 2): he has all addresses behind them."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """How often something may be done.

    Attributes:
        a_minute: on the average.
        burst: at once, after a rest.
    """

    a_minute: int
    burst: int


class Limits:
    """The counts of one server; to be made before it forks."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._memory = mmap.mmap(-1, ROWS * CELLS * 8)
        self._times = memoryview(self._memory).cast("d")
        self._secret = secrets.token_bytes(16)

    def take(self, allowance: Allowance, key: str) -> float:
        """Count one request for a key; return 0 when it is allowed, else the seconds until it will be."""
        now, step = self._clock(), 60 / allowance.a_minute
        cells = self._cells(key)
        whole = max(min(self._times[cell] for cell in cells), now)
        wait = whole + step - now - allowance.burst * step
        if wait > 0:
            return wait
        for cell in cells:
            self._times[cell] = max(self._times[cell], whole + step)
        return 0.0

    def _cells(self, key: str) -> list[int]:
        digest = hashlib.blake2b(key.encode(errors="replace"), key=self._secret, digest_size=ROWS * 4).digest()
        return [row * CELLS + word % CELLS for row, word in enumerate(struct.unpack(f"{ROWS}I", digest))]


def subscriber(address: str) -> str:
    """Return what of an address is limited: IPv4 whole, of IPv6 the network that one subscriber has."""
    try:
        read = mapped.folded(ip_address(address.partition("%")[0]))
    except ValueError:
        return address
    if isinstance(read, IPv6Address):
        return str(ip_network((int(read), SUBSCRIBER), strict=False))
    return str(read)
