"""The feed's list: what it adds is live at once, what it takes away goes, and what another line of it lacks is held."""

from collections.abc import Sequence
from dataclasses import replace

import structlog

from control.allowlist.allowlist import Allowlist
from control.commands.held import Held, HeldReleased
from control.edge.live_list import NAMED_IN_LOG, LiveList, demand_room, named
from control.edge.turn import Turn
from control.edge.usage import Usage
from control.fault import Fault, Kind, Refused
from control.feed.feed import Delta, Snapshot, demand_whole
from control.rollout.change import Change
from control.rollout.line import Line
from control.rollout.origin import Door, Origin
from control.rollout.position import Position
from control.rollout.union import Source

log = structlog.get_logger()

NAMED_HELD = 1000  # prefixes that an answer names
FOLLOWING = Origin(door=Door.FEED)


class FeedList:
    """Judges what the feed gives, and has it applied.

    Attributes:
        is_heard: the feed has answered since the agent started, so that what is held is known.
    """

    def __init__(self, live: LiveList, usage: Usage, max_entries: int) -> None:
        self._live, self._usage, self._max_entries = live, usage, max_entries
        self._line: Line | None = None
        self.is_heard = False

    @property
    def line(self) -> Line:
        """What is followed; after a start all of it is taken for the feed's until that has answered."""
        if self._line is None:
            state = self._live.state
            self._line = Line.at(state.followed, state.union.followed)
        return self._line

    @property
    def held(self) -> int | None:
        """How many entries are held; none: not known before the feed has answered."""
        return len(self.line.held) if self.is_heard else None

    def change(self, turn: Turn, delta: Delta) -> None:
        """Make a change of the feed's live.

        Raises:
            Refused: "bad-list": with it the list would not be the feed's; "too-large", or there is no room for it;
                nothing has changed.
        """
        change = Change.of(self.line.entries, delta.added, delta.removed, FOLLOWING)
        after = self.line.after(delta.position, change)
        demand_whole(delta, len(after.entries), after.digest)
        if self.line.entries is not self._live.state.union.followed:
            change = Change.of(self._live.state.union.followed, delta.added, delta.removed, FOLLOWING)
        self._go_on(turn, after, change)

    def replace(self, turn: Turn, snapshot: Snapshot) -> None:
        """Make the feed's whole list live; where it is of another line, what that lacks stays and is held.

        Raises:
            Refused: "bad-list": it is not whole; what it adds is live all the same, and nothing is removed;
                "too-large", or there is no room for it: nothing has changed.
        """
        union = self._live.state.union
        if snapshot.goes_on:
            after = self.line.after(snapshot.position, Change.to(self.line.entries, snapshot.entries))
        else:
            after = Line.another(snapshot.position, snapshot.entries, union.followed, union.local)
        try:
            demand_whole(snapshot, len(after.entries), after.digest)
        except Refused:
            self._let_through(turn, Change.to(union.followed, snapshot.entries, FOLLOWING))
            raise
        self._go_on(turn, after, Change.to(union.followed, after.live, FOLLOWING))
        if len(after.held):
            holds = named(after.held, NAMED_IN_LOG)
            log.warning("held", count=len(after.held), holds=holds, position=str(after.position))

    def let_through(self, turn: Turn, deltas: Sequence[Delta]) -> None:
        """Make live what changes add that have to wait, because one before them cannot be done.

        Raises:
            Refused: "too-large", or there is no room for it in the kernel.
        """
        added = Allowlist.empty()
        for delta in deltas:
            added = added.with_changes(delta.added, delta.removed)
        self._let_through(turn, Change.of(self._live.state.union.followed, added, origin=FOLLOWING))

    def agree(self) -> None:
        """Take note that the feed has nothing else to say."""
        self.is_heard = True

    def read_held(self) -> Held:
        """Return what is held.

        Raises:
            Refused: "unavailable": that is not known yet.
        """
        held = self._demand_heard().held
        return Held(count=len(held), prefixes=[entry.text for entry in held.entries(0, NAMED_HELD)])

    def release(self, turn: Turn, origin: Origin) -> HeldReleased:
        """Have what is held removed, or narrowed, as the feed has it.

        Raises:
            Refused: "unavailable": what is held is not known yet; or disk or kernel do not do what is needed.
        """
        line, union = self._demand_heard(), self._live.state.union
        change = Change.of(union.followed, line.entries.at(line.held), line.held, origin)
        cut = change.removed.without(union.local.at(change.removed))
        in_use = self._usage.in_use(turn, cut)
        if change:
            self._live.apply(turn, Source.FEED, change, self._live.state.followed)
        self._line = self._sharing(line.released())
        return HeldReleased(released=len(line.held), removed_in_use=len(in_use))

    def _go_on(self, turn: Turn, after: Line, change: Change) -> None:
        self._apply(turn, change, _forward(self._live.state.followed, after.position))
        self._line, self.is_heard = self._sharing(after), True

    def _sharing(self, line: Line) -> Line:
        """Return a line that needs no memory of its own where it is all that is live, as it mostly is."""
        followed = self._live.state.union.followed
        return line if line.entries is followed or line.entries != followed else replace(line, entries=followed)

    def _let_through(self, turn: Turn, change: Change) -> None:
        """Make live what of a change lets more through; the list does not say that it has got any further."""
        widening = change.loosening()
        if widening:
            self._apply(turn, widening, self._live.state.followed)

    def _apply(self, turn: Turn, change: Change, position: Position) -> None:
        demand_room(change.new, self._max_entries)
        self._live.apply(turn, Source.FEED, change, position)

    def _demand_heard(self) -> Line:
        if not self.is_heard:
            fault = Fault("held", "the feed has not answered since the agent started", "ask again when it has")
            raise Refused(Kind.UNAVAILABLE, "What is held is not known yet", [fault])
        return self.line


def _forward(had: Position, position: Position) -> Position:
    """Return how far the list has got; within an epoch that never goes back, even where the feed did."""
    return had if had.epoch == position.epoch and had.serial > position.serial else position
