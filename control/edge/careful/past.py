"""History: what was changed here, and the way back: to what the kernel still holds by one store, further by disk."""

import time
from collections.abc import Mapping

from control.allowlist.naming import first
from control.commands.history import Difference, RevisionShown, RevisionState, RolledBack
from control.edge.feed_list import FeedList
from control.edge.guard import Guard
from control.edge.live_list import LiveList
from control.edge.live_state import Near
from control.edge.state.revisions import Revision, Revisions
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

    def __init__(self, live: LiveList, feed: FeedList, guard: Guard, usage: Usage, revisions: Revisions) -> None:
        self._live, self._feed, self._guard, self._usage, self._revisions = live, feed, guard, usage, revisions

    def last(self, most: int) -> list[RevisionState]:
        """Return the last revisions, the newest first."""
        return [_said(each) for each in self._revisions.last(most)]

    def show(self, revision: int) -> RevisionShown:
        """Return what one revision did.

        Raises:
            Refused: "not-found": it is not known, or not any more.
        """
        found, content = self._revisions.find(revision), self._revisions.content(revision)
        if found is None:
            raise _unknown(revision)
        return RevisionShown(
            state=_said(found),
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
        seconds = None
        if not dry_run and self._only_widens(revision):
            seconds = self._live.go_back(turn, revision)
        if seconds is None:
            return self._go_back(turn, revision, origin, dry_run, override)
        try:
            done = self._go_back(turn, revision, origin, False, override, is_live=True)
        except BaseException:
            self._live.stay(turn)
            raise
        return done.model_copy(update={"seconds": done.seconds | {"kernel": round(seconds, 6)}})

    def _go_back(
        self, turn: Turn, revision: int, origin: Origin, dry_run: bool, override: bool, *, is_live: bool = False
    ) -> RolledBack:
        started = time.perf_counter()
        pasts, union = self._since(revision), self._live.state.union
        change = pasts[Source.LOCAL].change(union.local, origin)
        feed = Change.of(union.followed, pasts[Source.FEED].was, NONE, origin).loosening()
        compared = time.perf_counter() - started

        def near(done: Change, is_all: bool) -> Near | None:
            return None if is_live else self._near(revision, pasts, done, is_all=is_all)

        carried = self._guard.carry_out(turn, change, change.touched, dry_run=dry_run, override=override, near=near)
        if feed and not dry_run:
            self._feed.let_back(turn, feed)
        timing, cut = carried.timing, carried.judgement.cut
        state = self._live.state
        return RolledBack(
            revision=state.revision,
            serial=state.local.serial,
            count=state.union.count,
            added=len(carried.done.added) + len(feed.added),
            removed=len(carried.done.removed),
            cut=self._usage.preview(cut, NAMED_IN_ANSWER) if len(cut) else None,
            held=carried.held,
            why_held=carried.why_held,
            live=not dry_run,
            not_kept=timing.not_kept,
            seconds={"compare": round(compared, 6), "kernel": round(timing.kernel, 6), "disk": round(timing.disk, 6)},
        )

    def _only_widens(self, revision: int) -> bool:
        """Return whether all changes since a revision that the kernel holds were removals of the local list."""
        if revision not in self._live.held_revisions:
            return False
        since = self._live.state.revision - revision
        last = self._revisions.last(since)
        return len(last) == since and all(each.source is Source.LOCAL and not each.added for each in last)

    def _since(self, revision: int) -> Pasts:
        """Return how both lists were at a revision."""
        pasts = dict.fromkeys(Source, Past())
        if not 0 <= revision <= self._live.state.revision:
            raise _unknown(revision)
        for number in range(self._live.state.revision, revision, -1):
            content = self._revisions.content(number)
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


def _said(revision: Revision) -> RevisionState:
    return RevisionState(
        revision=revision.number,
        list=revision.source.value,
        serial=revision.serial,
        count=revision.count,
        at=round(revision.at, 3),
        door=revision.origin.door.value,
        who=revision.origin.who,
        reason=revision.origin.why,
        added=revision.added,
        removed=revision.removed,
        cut=revision.weight.cut,
        in_use=revision.weight.in_use,
        held=revision.weight.held,
        consent=revision.weight.consent.value,
    )


def _unknown(revision: int, missing: int | None = None) -> Refused:
    why = "is no revision of this edge" if missing is None else f"what revision {missing} did is not known (any more)"
    fault = Fault(f"revision {revision}", why, "see `wicket history` for those that are")
    return Refused(Kind.NOT_FOUND, "There is no way back to that revision", [fault])
