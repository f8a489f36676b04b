"""The local list: what is asked of it is judged, and applied."""

import time

from control.allowlist import space
from control.allowlist.allowlist import Allowlist
from control.allowlist.mapped import HOST
from control.allowlist.naming import first, named
from control.commands.list import ListChanged, Would
from control.edge.guard import Guard
from control.edge.live_list import LiveList
from control.edge.live_state import LiveState
from control.edge.room import demand_room, nearly_full
from control.edge.turn import Turn
from control.edge.usage import Usage
from control.fault import Fault, Kind, Refused
from control.rollout.change import NONE, Change
from control.rollout.origin import Origin

NAMED_IN_USE = 20  # prefixes in use that an answer names
NAMED_BY_DRY_RUN = 100  # prefixes of each kind that a dry run names


class EdgeList:
    """Judges changes of the local list, and has them applied.

    Attributes:
        max_entries: how long either list may be.
    """

    def __init__(self, live: LiveList, usage: Usage, guard: Guard, max_entries: int) -> None:
        self._live, self._usage, self._guard, self.max_entries = live, usage, guard, max_entries

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
        override: bool = False,
        doubtful: bool = False,
    ) -> ListChanged:
        """Make another list the local one, as a whole; return what that changed, and what of it is held.

        Raises:
            Refused: it is empty, too long or not for this version, has doubtful prefixes of which nobody has said
                that they are meant, or there is no room for it; the list that is live stays so. "forbidden": to
                override the guard takes two.
        """
        if len(new) == 0 and not allow_empty:
            mend = "to empty the list on purpose, say so: ?allow_empty=true, or --allow-empty"
            fault = Fault("the list", "it has no entry, and would cut everybody on the live one", mend)
            raise Refused(Kind.BAD_LIST, "The list is empty", [fault])
        started = time.perf_counter()
        change = Change.to(self.state.union.local, new, origin)
        compared = time.perf_counter() - started
        return self._accept(turn, change, None, [], compared, if_match, dry_run, override, doubtful)

    def change(
        self,
        turn: Turn,
        add: Allowlist,
        remove: Allowlist,
        origin: Origin,
        *,
        if_match: str | None = None,
        dry_run: bool = False,
        override: bool = False,
        doubtful: bool = False,
    ) -> ListChanged:
        """Add entries to the local list and remove prefixes; return what that changed, and what of it is held.

        Raises:
            Refused: as for ``replace``.
        """
        started = time.perf_counter()
        change = Change.of(self.state.union.local, add, remove, origin)
        compared, said = time.perf_counter() - started, add.with_changes(remove, NONE)
        return self._accept(
            turn, change, said, self._odd_removals(remove), compared, if_match, dry_run, override, doubtful
        )

    def _accept(
        self,
        turn: Turn,
        change: Change,
        said: Allowlist | None,
        odd: list[str],
        compared: float,
        if_match: str | None,
        dry_run: bool,
        override: bool,
        doubtful: bool,
    ) -> ListChanged:
        """``said`` are the prefixes of which something was said; none: of all. ``odd`` is what to warn of."""
        demand_match(self.state.local.etag, if_match, "list")
        demand_room(change.new, self.max_entries)
        self._guard.demand_said(change.added, is_said=doubtful or dry_run)
        carried = self._guard.carry_out(turn, change, said, dry_run=dry_run, override=override)
        seconds = {"compare": compared, "kernel": carried.timing.kernel, "disk": carried.timing.disk}
        local, done, cut, in_use = self.state.local, carried.done, carried.judgement.cut, carried.judgement.in_use
        return ListChanged(
            epoch=local.epoch,
            serial=local.serial,
            etag=local.etag,
            count=len(done.new),
            added=len(done.added),
            removed=len(done.removed),
            removed_in_use=len(in_use),
            in_use=first(in_use, NAMED_IN_USE),
            live=not dry_run,
            not_kept=carried.timing.not_kept,
            warnings=[*odd, *space.doubts(change.added), *nearly_full(len(change.new), self.max_entries)],
            cut=self._usage.preview(cut, NAMED_BY_DRY_RUN if dry_run else NAMED_IN_USE) if len(cut) else None,
            held=carried.held,
            why_held=carried.why_held,
            would=_would(change) if dry_run else None,
            seconds={step: round(value, 6) for step, value in seconds.items()},
        )

    def _odd_removals(self, remove: Allowlist) -> list[str]:
        """Return in words what was to be removed and is not there, has others inside, or stays live all the same."""
        local, followed = self.state.union.local, self.state.union.followed
        missing, stays = remove.without(local), remove.held_by(followed)
        odd = [f"not on the local list: {named(missing, NAMED_IN_USE)}"] if len(missing) else []
        odd += [f"still live, for the feed's list has it: {named(stays, NAMED_IN_USE)}"] if len(stays) else []
        for entry in remove.only(remove.length < HOST).entries(0, NAMED_IN_USE):
            inside = local.within(entry.prefix)
            if len(inside):
                odd.append(f"entries inside {entry.text} stay: {named(inside, NAMED_IN_USE)}")
        return odd


def demand_match(etag: str, if_match: str | None, what: str) -> None:
    """Refuse whoever has read another version of ``what`` than the present one; none asks for no check.

    Raises:
        Refused: "stale".
    """
    if if_match is not None and if_match != etag:
        fault = Fault("If-Match", f"you have read {if_match}, but it is {etag} now", "read it again, and repeat")
        raise Refused(Kind.STALE, f"The {what} has changed since you read it", [fault])


def _would(change: Change) -> Would:
    return Would(add=first(change.added, NAMED_BY_DRY_RUN), remove=first(change.removed, NAMED_BY_DRY_RUN))
