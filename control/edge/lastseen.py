"""When each entry last had traffic, from the marks that the kernel leaves: what a removal would cut."""

import time

import numpy as np
from numpy.typing import NDArray

from control.allowlist.allowlist import Allowlist
from control.datapath import ends


class LastSeen:
    """Times of the last sweep in which an entry was marked; only entries with traffic take up memory.

    They are of the monotonic clock: the other may be stepped by a day, and everything would look unused.
    """

    def __init__(self) -> None:
        self._hosts = np.empty(0, np.uint32)
        self._times = np.empty(0, np.float64)
        self._ends: dict[bytes, float] = {}

    def note(self, hosts: NDArray[np.uint32], keys: ends.Keys) -> None:
        """Take in what one sweep found: IPv4 hosts of the exact set, and keys of other ends."""
        now = time.monotonic()
        every = np.concatenate([hosts, self._hosts])
        times = np.concatenate([np.full(len(hosts), now), self._times])
        self._hosts, newest = np.unique(every, return_index=True)  # the first of equals, which is the new one
        self._times = times[newest]
        self._ends.update(dict.fromkeys((key.tobytes() for key in keys), now))

    def within(self, allowlist: Allowlist, seconds: float) -> NDArray[np.bool_]:
        """Return which rows of a list had traffic in the last so many seconds."""
        since = time.monotonic() - seconds
        rows = ends.keys_of(allowlist.high, allowlist.low, allowlist.length)
        live = np.zeros(len(allowlist), np.bool_)
        is_host = ends.are_hosts(rows)
        recent = self._hosts[self._times >= since]
        live[is_host] = np.isin(rows["address"][is_host, 3], recent)
        if self._ends:
            recent_ends = {key for key, at in self._ends.items() if at >= since}
            live |= np.fromiter((row.tobytes() in recent_ends for row in rows), np.bool_, len(rows))
        return live

    def forget_before(self, seconds: float) -> None:
        """Forget what was last seen longer ago than so many seconds."""
        since = time.monotonic() - seconds
        recent = self._times >= since
        self._hosts, self._times = self._hosts[recent], self._times[recent]
        self._ends = {key: at for key, at in self._ends.items() if at >= since}
