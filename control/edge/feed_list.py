"""The feed's list: what it adds is live at once, what it takes away goes, and what another line of it lacks is held."""

from collections.abc import Sequence
from dataclasses import replace

import structlog

from control.allowlist.allowlist import Allowlist
from control.allowlist.naming import named
from control.edge.guard import Guard
from control.edge.live_list import NAMED_IN_LOG, LiveList
from control.edge.room import demand_room
from control.edge.turn import Turn
from control.fault import Fault, Kind, Refused
from control.feed.feed import Delta, Snapshot, demand_whole
from control.rollout.change import Change
from control.rollout.judgement import Judgement
from control.rollout.line import Line
from control.rollout.origin import Door, Origin
from control.rollout.position import Position
from control.rollout.union import Source
from control.rollout.weight import NOTHING, Weight

log = structlog.get_logger()

ANOTHER_LINE = "the feed is of another line of serials, and lacks them: put back, restored, or another one"
FOLLOWING = Origin(door=Door.FEED)


class FeedList:
    """Judges what the feed gives, and has it applied.

    Attributes:
        is_heard: the feed has answered since the agent started, so that what is held is known.
        why: what is held is held for, in words.
        agreed: who wants it released so far.
        persons: how many that takes.
    """

    def __init__(self, live: LiveList, guard: Guard, max_entries: int) -> None:
        self._live, self._guard, self._max_entries = live, guard, max_entries
        self._line: Line | None = None
        self.is_heard = False
        self.why: tuple[str, ...] = ()
        self.agreed: tuple[str, ...] = ()
        self.persons = 1

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
        if not snapshot.goes_on:
            self.why, self.agreed = (ANOTHER_LINE,), ()
        self._go_on(turn, after, Change.to(union.followed, after.live, FOLLOWING))

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

    def release(self, turn: Turn, origin: Origin) -> Judgement:
        """Have what is held removed, or narrowed, as the feed has it; return whom that cut.

        Raises:
            Refused: "unavailable": what is held is not known yet; or disk or kernel do not do what is needed.
        """
        line, union = self.demand_heard(), self._live.state.union
        change = Change.of(union.followed, line.entries.at(line.held), line.held, origin)
        judgement = self._guard.judge(turn, Source.FEED, change)
        if change:
            self._live.apply(turn, Source.FEED, change, self._live.state.followed, judgement.done(is_agreed=True))
        self._let_go()
        return judgement

    def agree_to_release(self, turn: Turn, person: str) -> bool:
        """Note that one more person wants what is held released; return whether that are as many as it takes."""
        turn.demand()
        self.agreed = self.agreed if person in self.agreed else (*self.agreed, person)
        return len(self.agreed) >= self.persons

    def disown(self, turn: Turn, origin: Origin) -> None:
        """Let go of what is held, which the local list has by now: the feed's list is as the feed has it."""
        line, union = self.demand_heard(), self._live.state.union
        change = Change.of(union.followed, line.entries.at(line.held), line.held, origin)
        if change:
            self._live.apply(turn, Source.FEED, change, self._live.state.followed)
        self._let_go()

    def let_back(self, turn: Turn, change: Change) -> None:
        """Let through again what the feed's list has no more: it is held beside that."""
        self._apply(turn, change, self._live.state.followed)
        state = self._live.state.union
        self._line = self.line.holding(state.followed, state.local)
        self.why = tuple(dict.fromkeys([*self.why, "let through again by a rollback"]))
        self.agreed, self.persons = (), self._guard.persons_for(self.line.held)

    def demand_heard(self) -> Line:
        """Return the line that is followed, of which it is known what is held.

        Raises:
            Refused: "unavailable": the feed has not answered yet.
        """
        if not self.is_heard:
            fault = Fault("held", "the feed has not answered since the agent started", "ask again when it has")
            raise Refused(Kind.UNAVAILABLE, "What is held is not known yet", [fault])
        return self.line

    def _go_on(self, turn: Turn, after: Line, change: Change) -> None:
        """Make a change live and go on behind it; what it would cut beyond the limits is held, its serial stands."""
        judgement, held = self._guard.judge(turn, Source.FEED, change), len(self.line.held)
        weight = judgement.done()
        if judgement.is_over:
            change, weight = change.loosening(), judgement.held()
            after = after.holding(change.new, self._live.state.union.local)
            self.why = tuple(dict.fromkeys([*self.why, *judgement.why]))
            self.agreed = ()
        self._apply(turn, change, _forward(self._live.state.followed, after.position), weight)
        self._line, self.is_heard = self._sharing(after), True
        if len(after.held) and len(after.held) != held:
            holds = named(after.held, NAMED_IN_LOG)
            log.warning("held", count=len(after.held), holds=holds, position=str(after.position), exceeds=self.why)
        self.persons = self._guard.persons_for(after.held)
        if not len(after.held):
            self._forget_why()

    def _let_go(self) -> None:
        self._line = self._sharing(self.line.released())
        self._forget_why()

    def _forget_why(self) -> None:
        self.why, self.agreed, self.persons = (), (), 1

    def _sharing(self, line: Line) -> Line:
        """Return a line that needs no memory of its own where it is all that is live, as it mostly is."""
        followed = self._live.state.union.followed
        return line if line.entries is followed or line.entries != followed else replace(line, entries=followed)

    def _let_through(self, turn: Turn, change: Change) -> None:
        """Make live what of a change lets more through; the list does not say that it has got any further."""
        widening = change.loosening()
        if widening:
            self._apply(turn, widening, self._live.state.followed)

    def _apply(self, turn: Turn, change: Change, position: Position, weight: Weight = NOTHING) -> None:
        demand_room(change.new, self._max_entries)
        self._live.apply(turn, Source.FEED, change, position, weight)


def _forward(had: Position, position: Position) -> Position:
    """Return how far the list has got; within an epoch that never goes back, even where the feed did."""
    return had if had.epoch == position.epoch and had.serial > position.serial else position
