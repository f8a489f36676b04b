"""How much a change may cut before somebody has to say so twice: the last line, whoever errs above it.

Adding is instant, so nothing here is about what a change adds.
"""

from dataclasses import dataclass

PERCENT = 100


@dataclass(frozen=True, slots=True)
class Limit:
    """What may be cut, at a time or within a day.

    Attributes:
        few: entries that may always be cut, whatever their share, so that a small list can be worked with.
        most: entries, however long the list.
        share: of all of them, in percent; 100 is no limit.
    """

    few: int
    most: int
    share: int

    def exceeded(self, count: int, of: int, names: "Names") -> list[str]:
        """Return in words why ``count`` of so many entries are too many; nothing where they are not."""
        if count <= self.few and not (1 < count == of):
            return []
        why = []
        if count > self.most:
            why.append(f"{count:,} {names.what}; {names.most} allows {self.most:,}")
        if count * PERCENT > self.share * of:
            why.append(f"{count:,} of {of:,} {names.what}; {names.share} allows {self.share} %")
        return why


@dataclass(frozen=True, slots=True)
class Names:
    """How a limit is spoken of.

    Attributes:
        what: is counted.
        most, share: the settings.
    """

    what: str
    most: str
    share: str


@dataclass(frozen=True, slots=True)
class Extent:
    """How much a change cuts, and what was cut within a day before it without being looked at.

    Attributes:
        entries: of the live list.
        in_use: of these, with traffic in the last day.
        live: entries of the live list before it.
        live_in_use: of these, with traffic in the last day.
        entries_before, in_use_before: cut within the last day.
        protected: prefixes that nobody cuts alone, among what it cuts.
    """

    entries: int = 0
    in_use: int = 0
    live: int = 0
    live_in_use: int = 0
    entries_before: int = 0
    in_use_before: int = 0
    protected: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CutLimits:
    """What may be cut without anybody's looking at it.

    Attributes:
        change, day: entries, at a time and within a day.
        change_in_use, day_in_use: entries with traffic.
    """

    change: Limit
    day: Limit
    change_in_use: Limit
    day_in_use: Limit

    def exceeded(self, extent: Extent) -> list[str]:
        """Return in words why a change has to be looked at before it cuts; nothing where it need not be."""
        if not extent.entries:
            return []
        today, today_in_use = extent.entries + extent.entries_before, extent.in_use + extent.in_use_before
        entries = self.change.exceeded(extent.entries, extent.live, CHANGE) or self.day.exceeded(
            today, extent.live + extent.entries_before, DAY
        )
        in_use = self.change_in_use.exceeded(extent.in_use, extent.live_in_use, CHANGE_IN_USE)
        if extent.in_use and not in_use:
            in_use = self.day_in_use.exceeded(today_in_use, extent.live_in_use + extent.in_use_before, DAY_IN_USE)
        protected = (f"{prefix} is protected: it takes two persons" for prefix in extent.protected)
        return [*protected, *entries, *in_use]


CHANGE = Names("entries would be cut", "guard.entries", "guard.share")
CHANGE_IN_USE = Names("entries in use would be cut", "guard.in_use", "guard.share_in_use")
DAY = Names("entries would be cut within a day", "guard.entries_a_day", "guard.share_a_day")
DAY_IN_USE = Names("entries in use would be cut within a day", "guard.in_use_a_day", "guard.share_in_use_a_day")
