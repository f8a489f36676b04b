"""The local list: what is asked of it is judged, and applied."""

import time

from control.allowlist import space
from control.allowlist.allowlist import Allowlist
from control.commands.list import ListChanged, Would
from control.edge.live_list import LiveList, LiveState, Timing, demand_room, nearly_full
from control.edge.turn import Turn
from control.edge.usage import Usage
from control.fault import Fault, Kind, Refused
from control.rollout.change import Change
from control.rollout.origin import Origin
from control.rollout.union import Source

NAMED_IN_USE = 20  # prefixes in use that an answer names
NAMED_BY_DRY_RUN = 100  # prefixes of each kind that a dry run names


class EdgeList:
    """Judges changes of the local list, and has them applied.

    Attributes:
        max_entries: how long either list may be.
    """

    def __init__(self, live: LiveList, usage: Usage, max_entries: int) -> None:
        self._live, self._usage, self.max_entries = live, usage, max_entries

    @property
    def state(self) -> LiveState:
        """What is live."""
        return self._live.state

    def replace(
        self,
        turn: Turn,
        new: Allowlist,
        origin: Origin,
        *,
        if_match: str | None = None,
        dry_run: bool = False,
        allow_empty: bool = False,
    ) -> ListChanged:
        """Make another list the local one, as a whole; return what that changed.

        Raises:
            Refused: it is empty, too long or not for this version, or there is no room for it; the list that is
                live stays so.
        """
        if len(new) == 0 and not allow_empty:
            mend = "to empty the list on purpose, say so: ?allow_empty=true, or --allow-empty"
            fault = Fault("the list", "it has no entry, and would cut everybody on the live one", mend)
            raise Refused(Kind.BAD_LIST, "The list is empty", [fault])
        started = time.perf_counter()
        change = Change.to(self.state.union.local, new, origin)
        return self._accept(turn, change, time.perf_counter() - started, if_match, dry_run)

    def change(
        self,
        turn: Turn,
        add: Allowlist,
        remove: Allowlist,
        origin: Origin,
        *,
        if_match: str | None = None,
        dry_run: bool = False,
    ) -> ListChanged:
        """Add entries to the local list and remove prefixes, all or nothing; return what that changed.

        Raises:
            Refused: as for ``replace``.
        """
        started = time.perf_counter()
        change = Change.of(self.state.union.local, add, remove, origin)
        return self._accept(turn, change, time.perf_counter() - started, if_match, dry_run)

    def _accept(self, turn: Turn, change: Change, compared: float, if_match: str | None, dry_run: bool) -> ListChanged:
        demand_match(self.state.local.etag, if_match, "list")
        demand_room(change.new, self.max_entries)
        cut = change.removed.without(self.state.union.followed.at(change.removed))  # the feed's stay live
        in_use, timing = self._usage.in_use(turn, cut), Timing()
        if change and not dry_run:
            timing = self._live.apply(turn, Source.LOCAL, change, self.state.local.next)
        seconds = {"compare": compared, "kernel": timing.kernel, "disk": timing.disk}
        local = self.state.local
        return ListChanged(
            epoch=local.epoch,
            serial=local.serial,
            etag=local.etag,
            count=len(change.new),
            added=len(change.added),
            removed=len(change.removed),
            removed_in_use=len(in_use),
            in_use=_first(in_use, NAMED_IN_USE),
            live=not dry_run,
            not_kept=timing.not_kept,
            warnings=[*space.doubts(change.added), *nearly_full(len(change.new), self.max_entries)],
            would=_would(change) if dry_run else None,
            seconds={step: round(value, 6) for step, value in seconds.items()},
        )


def demand_match(etag: str, if_match: str | None, what: str) -> None:
    """Refuse whoever has read another version of ``what`` than the present one; none asks for no check.

    Raises:
        Refused: "stale".
    """
    if if_match is not None and if_match != etag:
        fault = Fault("If-Match", f"you have read {if_match}, but it is {etag} now", "read it again, and repeat")
        raise Refused(Kind.STALE, f"The {what} has changed since you read it", [fault])


def _would(change: Change) -> Would:
    return Would(add=_first(change.added, NAMED_BY_DRY_RUN), remove=_first(change.removed, NAMED_BY_DRY_RUN))


def _first(entries: Allowlist, most: int) -> list[str]:
    return [entry.text for entry in entries.entries(0, most)]
