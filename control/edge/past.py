"""History: what was changed here, and the way back: to what the kernel still holds by one store, further by disk."""

import time
from collections.abc import Mapping

from control.allowlist.naming import first
from control.commands.history import Difference, RolledBack, StepShown, StepState
from control.edge.feed_list import FeedList
from control.edge.guard import Guard
from control.edge.live_list import LiveList
from control.edge.live_state import Near, Timing
from control.edge.state.journal import Journal, Step
from control.edge.turn import Turn
from control.edge.usage import Usage
from control.fault import Fault, Kind, Refused
from control.rollout.change import NONE, Change
from control.rollout.origin import Origin
from control.rollout.past import Past
from control.rollout.union import Source, unite

NAMED = 1000  # prefixes of each kind that an answer names
NAMED_IN_ANSWER = 20

Pasts = Mapping[Source, Past]


class PastLists:
    """What was live before, and how it became what is."""

    def __init__(self, live: LiveList, feed: FeedList, guard: Guard, usage: Usage, journal: Journal) -> None:
        self._live, self._feed, self._guard, self._usage, self._journal = live, feed, guard, usage, journal

    def steps(self, most: int) -> list[StepState]:
        """Return the last revisions, the newest first."""
        return [_said(step) for step in self._journal.steps(most)]

    def show(self, revision: int) -> StepShown:
        """Return what one revision did.

        Raises:
            Refused: "not-found": it is not known, or not any more.
        """
        step, content = self._journal.step(revision), self._journal.content(revision)
        if step is None:
            raise _unknown(revision)
        return StepShown(
            step=_said(step),
            is_known=content is not None,
            added=first(content.now, NAMED) if content else [],
            removed=first(content.was.without(content.now), NAMED) if content else [],
        )

    def diff(self, one: int, other: int) -> Difference:
        """Return what the live list of one revision lacks and has beside another's.

        Raises:
            Refused: "not-found": one of them is not known any more.
        """
        union, (past, later) = self._live.state.union, (self._since(one), self._since(other))
        touched = NONE
        for side in (*past.values(), *later.values()):
            touched = touched.with_changes(side.touched, NONE)
        before, after = (
            unite(*(side[source].at(union.list_of(source), touched) for source in Source)) for side in (past, later)
        )
        change = Change.to(before, after)
        return Difference(
            added=len(change.added),
            removed=len(change.removed),
            adds=first(change.added, NAMED),
            removes=first(change.removed, NAMED),
        )

    def roll_back(
        self, turn: Turn, revision: int, origin: Origin, *, dry_run: bool = False, override: bool = False
    ) -> RolledBack:
        """Make the local list again what it was at a revision, and let through again what the feed's list then did.

        What was added since is cut by that, which is judged as by any other door. What the feed has added stays.

        Raises:
            Refused: "not-found": it is not known any more; "forbidden": to override the guard takes two; or disk or
                kernel do not do what is needed.
        """
        started = time.perf_counter()
        pasts, union = self._since(revision), self._live.state.union
        change = pasts[Source.LOCAL].change(union.local, origin)
        feed = Change.of(union.followed, pasts[Source.FEED].was, NONE, origin).loosening()
        judgement = self._guard.judge(turn, Source.LOCAL, change)
        if override:
            self._guard.demand_override(judgement)
        is_held = judgement.is_over and not override
        done = change.loosening() if is_held else change
        compared, timing, held = time.perf_counter() - started, Timing(), None
        if not dry_run:
            if done:
                near = self._near(revision, pasts, done, is_all=not is_held)
                weight = judgement.held() if is_held else judgement.done(is_agreed=override)
                timing = self._live.apply(turn, Source.LOCAL, done, self._live.state.local.next, weight, near)
            if feed:
                self._feed.let_back(turn, feed)
            holding = self._guard.hold(turn, change, judgement) if is_held else None
            self._guard.supersede(turn, change.touched, but=holding)
            held = str(holding.number) if holding else None
        state = self._live.state
        return RolledBack(
            revision=state.revision,
            serial=state.local.serial,
            count=state.union.count,
            added=len(done.added) + len(feed.added),
            removed=len(done.removed),
            cut=self._usage.preview(judgement.cut, NAMED_IN_ANSWER) if len(judgement.cut) else None,
            held=held,
            why_held=list(judgement.why) if is_held else [],
            live=not dry_run,
            not_kept=timing.not_kept,
            seconds={"compare": round(compared, 6), "kernel": round(timing.kernel, 6), "disk": round(timing.disk, 6)},
        )

    def _since(self, revision: int) -> Pasts:
        """Return how both lists were at a revision."""
        pasts = dict.fromkeys(Source, Past())
        if not 0 <= revision <= self._live.state.revision:
            raise _unknown(revision)
        for number in range(self._live.state.revision, revision, -1):
            content = self._journal.content(number)
            if content is None:
                raise _unknown(revision, number)
            pasts[content.source] = pasts[content.source].before(content.now, content.was)
        return pasts

    def _near(self, revision: int, pasts: Pasts, change: Change, *, is_all: bool) -> Near | None:
        """Return a list that the kernel still holds and that differs little from what is to be live."""
        union = self._live.state.union
        if is_all and revision in self._live.held_revisions and not len(pasts[Source.FEED].touched):
            return Near(revision, NONE, NONE)
        for held in self._live.held_revisions:
            try:
                then = pasts if held == revision else self._since(held)
            except Refused:
                continue
            touched = change.touched
            for past in then.values():
                touched = touched.with_changes(past.touched, NONE)
            before = unite(*(then[source].at(union.list_of(source), touched) for source in Source))
            rest = Change.to(before, unite(change.new.at(touched), union.followed.at(touched)))
            if rest.is_small:
                return Near(held, rest.added, rest.removed)
        return None


def _said(step: Step) -> StepState:
    return StepState(
        revision=step.revision,
        list=step.source.value,
        serial=step.serial,
        count=step.count,
        at=round(step.at, 3),
        door=step.origin.door.value,
        who=step.origin.who,
        reason=step.origin.why,
        added=step.added,
        removed=step.removed,
        cut=step.weight.cut,
        in_use=step.weight.in_use,
        held=step.weight.held,
        is_agreed=step.weight.is_agreed,
    )


def _unknown(revision: int, missing: int | None = None) -> Refused:
    why = "is no revision of this edge" if missing is None else f"what revision {missing} did is not known (any more)"
    fault = Fault(f"revision {revision}", why, "see `wicket history` for those that are")
    return Refused(Kind.NOT_FOUND, "There is no way back to that revision", [fault])
