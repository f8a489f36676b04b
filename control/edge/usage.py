"""Which entries are in use: from the marks that the kernel leaves at entries with traffic."""

import time

from control.allowlist.allowlist import Allowlist
from control.datapath.generations.lists import Lists
from control.edge.seen import LastSeen
from control.edge.turn import Turn

IN_USE = 24 * 3600.0  # s: an entry with traffic in the last day is in use
FEW_MAP_ENTRIES = 100_000  # above which sweeping the hash map is done every so often only
RARE_SWEEP = 60.0  # s


class Usage:
    """When each entry last had traffic."""

    def __init__(self, generations: Lists) -> None:
        self._generations, self._last_seen = generations, LastSeen()
        self._map_swept_at = 0.0

    def take_in_marks(self, turn: Turn) -> None:
        """Note which entries were marked since the last time, and forget what is long ago."""
        turn.demand()
        live = self._generations.live
        due = time.monotonic() - self._map_swept_at > RARE_SWEEP
        with_map = due or (live is not None and live.used <= FEW_MAP_ENTRIES)
        if with_map:
            self._map_swept_at = time.monotonic()
        self._last_seen.note(*self._generations.sweep(with_map))
        if due:
            self._last_seen.forget_before(IN_USE)

    def in_use(self, turn: Turn, entries: Allowlist) -> Allowlist:
        """Return those of the entries that had traffic in the last day; traffic since the last sweep counts too."""
        if len(entries):
            self.take_in_marks(turn)
        return entries.only(self._last_seen.within(entries, IN_USE))
