"""Which entries are in use: from the marks that the kernel leaves at entries with traffic."""

import contextlib
import time

from control.allowlist.allowlist import Allowlist
from control.datapath.generations.lists import Lists
from control.edge.seen import LastSeen
from control.edge.state.marks import KeptMarks
from control.edge.turn import Turn
from control.fault import Refused

IN_USE = 24 * 3600.0  # s: an entry with traffic in the last day is in use
FEW_MAP_ENTRIES = 100_000  # above which sweeping the hash map is done every so often only
RARE_SWEEP = 60.0  # s
KEPT_EVERY = 10.0  # s between two times that what is known is kept on disk: a crash forgets as much
KEPT_LATER = 1e-3  # s more for each entry: a million, 12 MB, are kept every 17 minutes


class Usage:
    """When each entry last had traffic.

    Attributes:
        last_seen: what is known of it.
    """

    def __init__(self, generations: Lists, kept: KeptMarks) -> None:
        self._generations, self._kept, self.last_seen = generations, kept, LastSeen()
        self._map_swept_at = 0.0
        self._kept_at = time.monotonic()

    def take_up(self, turn: Turn) -> None:
        """Go on from what an agent before this one knew."""
        turn.demand()
        if kept := self._kept.load():
            with contextlib.suppress(ValueError):  # of another version: it begins anew
                self.last_seen = LastSeen.unpack(*kept)

    def keep_now_and_then(self) -> None:
        """Keep what is known, where that was long ago."""
        if time.monotonic() - self._kept_at > KEPT_EVERY + len(self.last_seen) * KEPT_LATER:
            self.keep()

    def keep(self) -> None:
        """Keep what is known, for the next agent; a disk that does not take it has what was kept before."""
        self._kept_at = time.monotonic()
        with contextlib.suppress(Refused):
            self._kept.keep(self.last_seen.pack())

    def take_in_marks(self, turn: Turn) -> None:
        """Note which entries were marked since the last time, and forget what is long ago."""
        turn.demand()
        live = self._generations.live
        due = time.monotonic() - self._map_swept_at > RARE_SWEEP
        with_map = due or (live is not None and live.used <= FEW_MAP_ENTRIES)
        if with_map:
            self._map_swept_at = time.monotonic()
        self.last_seen.note(*self._generations.sweep(with_map))
        if due:
            self.last_seen.forget_before(IN_USE)

    def in_use(self, turn: Turn, entries: Allowlist) -> Allowlist:
        """Return those of the entries that had traffic in the last day; traffic since the last sweep counts too."""
        if len(entries):
            self.take_in_marks(turn)
        return entries.only(self.last_seen.within(entries, IN_USE))
