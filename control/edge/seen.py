"""When each entry last had traffic, from the marks that the kernel leaves: what a removal would cut."""

import struct
import time

import numpy as np
from numpy.typing import NDArray

from control.allowlist import columnar, mapped
from control.allowlist.allowlist import Allowlist
from control.datapath.generations import entry_map

MAGIC = b"WSN2"
HEAD = struct.Struct("=4sIId")  # magic, IPv4 hosts of the exact set, entries of the hash map, seconds looked at


class LastSeen:
    """Times of the last sweep in which an entry was marked; only entries with traffic take up memory.

    They are of the monotonic clock: the other may be stepped by a day, and everything would look unused.
    """

    def __init__(self) -> None:
        self._since = time.monotonic()
        self._hosts = np.empty(0, np.uint32)  # sorted, each once
        self._times = np.empty(0, np.float64)
        self._map_entries: dict[bytes, float] = {}

    def __len__(self) -> int:
        """Return how many entries had traffic."""
        return len(self._hosts) + len(self._map_entries)

    @property
    def known_for(self) -> float:
        """For how many seconds traffic was looked at: of what was before that, nothing is known."""
        return time.monotonic() - self._since

    def pack(self) -> bytes:
        """Return what is known as bytes: of each entry how many seconds ago it had traffic."""
        now = time.monotonic()
        keys = np.frombuffer(b"".join(self._map_entries), entry_map.KEY)
        ages = np.fromiter((now - at for at in self._map_entries.values()), np.float64, len(keys))
        head = HEAD.pack(MAGIC, len(self._hosts), len(keys), now - self._since)
        return b"".join([head, self._hosts.tobytes(), (now - self._times).tobytes(), keys.tobytes(), ages.tobytes()])

    @classmethod
    def unpack(cls, data: bytes, passed: float) -> "LastSeen":
        """Return what ``pack`` wrote so many seconds ago.

        Raises:
            ValueError: it is of another version.
        """
        magic, hosts, keys, known_for = HEAD.unpack_from(data)
        if magic != MAGIC or len(data) != HEAD.size + hosts * 12 + keys * (entry_map.KEY.itemsize + 8):
            raise ValueError("it is of another version")
        seen, then = cls(), time.monotonic() - passed
        seen._since = then - known_for
        times_at = HEAD.size + 4 * hosts
        keys_at = times_at + 8 * hosts
        ages_at = keys_at + entry_map.KEY.itemsize * keys
        seen._hosts = np.frombuffer(data, np.uint32, hosts, HEAD.size).copy()
        seen._times = then - np.frombuffer(data, np.float64, hosts, times_at)
        ages = np.frombuffer(data, np.float64, keys, ages_at)
        rows = np.frombuffer(data, entry_map.KEY, keys, keys_at)
        seen._map_entries = dict(zip((row.tobytes() for row in rows), (then - ages).tolist(), strict=True))
        return seen

    def note(self, hosts: NDArray[np.uint32], keys: entry_map.Keys) -> None:
        """Take in what one sweep found: IPv4 hosts of the exact set, each once, and keys of the hash map."""
        now = time.monotonic()
        hosts = np.sort(hosts)
        rows, known = self._locate(hosts)
        self._times[rows[known]] = now
        if not known.all():
            self._hosts = np.insert(self._hosts, rows[~known], hosts[~known])
            self._times = np.insert(self._times, rows[~known], now)
        self._map_entries.update(dict.fromkeys((key.tobytes() for key in keys), now))

    def within(self, allowlist: Allowlist, seconds: float) -> NDArray[np.bool_]:
        """Return which rows of a list had traffic in the last so many seconds."""
        recent: NDArray[np.bool_] = self.ages(allowlist) <= seconds
        return recent

    def ages(self, allowlist: Allowlist) -> NDArray[np.float64]:
        """Return for each row of a list how many seconds ago it had traffic; infinite where none is known."""
        times = np.full(len(allowlist), -np.inf)
        if len(self._hosts):
            is_host = np.flatnonzero(columnar.is_ipv4(allowlist.columns) & (allowlist.length == mapped.HOST))
            places, known = self._locate(allowlist.low[is_host].astype(np.uint32))
            times[is_host[known]] = self._times[places[known]]
        if self._map_entries:
            rows = entry_map.keys_of(allowlist.high, allowlist.low, allowlist.length)
            known_at = self._map_entries
            in_map = np.fromiter((known_at.get(row.tobytes(), -np.inf) for row in rows), np.float64, len(rows))
            times = np.maximum(times, in_map)
        return time.monotonic() - times

    def recent(self, seconds: float) -> Allowlist:
        """Return the prefixes that had traffic in the last so many seconds, without their terms."""
        since = time.monotonic() - seconds
        keys = [key for key, at in self._map_entries.items() if at >= since]
        rows = np.frombuffer(b"".join(keys), entry_map.KEY)
        return entry_map.list_of(self._hosts[self._times >= since], rows, np.zeros(len(rows), entry_map.ENTRY))

    def forget_before(self, seconds: float) -> None:
        """Forget what was last seen longer ago than so many seconds."""
        since = time.monotonic() - seconds
        recent = self._times >= since
        self._hosts, self._times = self._hosts[recent], self._times[recent]
        self._map_entries = {key: at for key, at in self._map_entries.items() if at >= since}

    def _locate(self, hosts: NDArray[np.uint32]) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
        """Return for each host where it is or belongs among those noted, which are sorted, and whether it is there."""
        rows = np.searchsorted(self._hosts, hosts)
        known = rows < len(self._hosts)
        known[known] = self._hosts[rows[known]] == hosts[known]
        return rows, known
