"""Which entries are in use: from the marks that the kernel leaves at entries with traffic."""

import contextlib
import math
import struct
import time

import numpy as np
from numpy.typing import NDArray

from control.allowlist.allowlist import Allowlist
from control.commands.cut import Cut, CutEntry
from control.datapath.generations.lists import Lists
from control.edge.seen import LastSeen
from control.edge.state.marks import KeptMarks
from control.edge.turn import Turn
from control.fault import Refused

IN_USE = 24 * 3600.0  # s: an entry with traffic in the last day is in use
WINDOWS = {"minute": 60.0, "hour": 3600.0, "day": IN_USE}  # s: of which an operator is told
FEW_MAP_ENTRIES = 100_000  # above which sweeping the hash map is done every so often only
FEW = 64  # entries of which each is looked at, where a sweep looks at all that there are
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
            with contextlib.suppress(ValueError, struct.error):  # of another version: it begins anew
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
        with_map = due or (live is not None and live.marks_beside_ipv4 <= FEW_MAP_ENTRIES)
        if with_map:
            self._map_swept_at = time.monotonic()
        self.last_seen.note(*self._generations.sweep(with_map))
        if due:
            self.last_seen.forget_before(IN_USE)

    def count_in_use(self) -> int:
        """Return how many entries had traffic in the last day, those that are gone since included."""
        return len(self.last_seen)

    def preview(self, entries: Allowlist, most: int) -> Cut:
        """Return who of the entries would miss them, as far as that is known: those with traffic first.

        Traffic since the last sweep does not count; ``in_use`` takes it in.
        """
        ages, known_for = self.last_seen.ages(entries), self.last_seen.known_for
        order = np.argsort(ages, kind="stable")[:most].tolist()
        found = {name: int((ages <= seconds).sum()) for name, seconds in WINDOWS.items()}
        counts = {name: count for name, count in found.items() if count or WINDOWS[name] <= known_for}
        first = [(next(entries.entries(row, row + 1)), float(ages[row])) for row in order]
        return Cut(
            count=len(entries),
            known_s=round(min(known_for, IN_USE), 1),
            minute=counts.get("minute"),
            hour=counts.get("hour"),
            day=counts.get("day"),
            entries=[
                CutEntry(prefix=entry.text, note=entry.note, seen_s=round(age, 1) if math.isfinite(age) else None)
                for entry, age in first
            ],
        )

    def in_use(self, turn: Turn, entries: Allowlist) -> Allowlist:
        """Return those of the entries that had traffic in the last day; traffic since the last sweep counts too."""
        if len(entries) <= FEW and not (self.are_in_use(entries) | self._generations.marked(entries)).any():
            return Allowlist.empty()
        self.take_in_marks(turn)
        return entries.only(self.are_in_use(entries))

    def are_in_use(self, entries: Allowlist) -> NDArray[np.bool_]:
        """Return which rows had traffic in the last day, up to the last sweep."""
        return self.last_seen.within(entries, IN_USE)
