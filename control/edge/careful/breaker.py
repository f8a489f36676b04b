"""The breaker: in seconds, and by itself, it undoes what cuts registered traffic, and says so loudly.

Two things tell it. Entries in use that somebody cut although the guard would have held them are kept in the kernel,
where packets leave marks at them that no other end lets through: where there are such of an enforced protocol, the cut
was wrong. And after anything is tightened, who is on the list and in use is asked for in the same way, and what passes
is held against what passed before: where both say so, the kernel does not find who is registered. It loosens no more
than was tightened.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from control.allowlist.allowlist import Allowlist
from control.allowlist.naming import named
from control.datapath.datapath import Datapath
from control.edge.careful.undoing import Undoing
from control.edge.live_list import NAMED_IN_LOG, LiveList
from control.edge.policies import Policies
from control.edge.seen import LastSeen
from control.edge.state.store import Store
from control.edge.turn import Turn
from control.edge.usage import IN_USE, Usage
from control.host import clock
from control.rollout.breach import WATCHED, Passed, Watch
from control.rollout.change import NONE
from control.rollout.origin import Door, Origin
from control.rollout.union import unite

log = structlog.get_logger()

BEAT = 1.5  # s: a beat, and a little more
MOST_TOLD = 20  # trips that are told
MOST_WATCHED = 200_000  # entries
LOOKED_BACK = 24 * 3600.0  # s: what was cut longer ago is not undone by itself


@dataclass(frozen=True, slots=True)
class _Cut:
    """What a revision cut.

    Attributes:
        revision: that it led to.
        at: when, in seconds of the host's monotonic clock.
        cut: entries of it that are not live, and that somebody may miss.
    """

    revision: int
    at: float
    cut: Allowlist


class Breaker:
    """Watches what was tightened.

    Attributes:
        tripped: what it has undone, in words, the latest last.
    """

    def __init__(
        self, live: LiveList, undoing: Undoing, policies: Policies, usage: Usage, datapath: Datapath, store: Store
    ) -> None:
        self._live, self._undoing, self._policies, self._usage = live, undoing, policies, usage
        self._lists, self._controls, self._store = datapath.lists, datapath.controls, store
        self._watch, self._marked = Watch(), LastSeen()
        self._revision, self._version = -1, -1
        self._overridden: list[_Cut] = []
        self._in_use = NONE  # while the watch is armed, who is on the list and had traffic in the day before
        self.tripped: list[str] = []
        live.before_override = self._expect

    def beat(self, turn: Turn) -> None:
        """Look; asked about once a second.

        Raises:
            Refused: kernel or disk do not do what is needed.
        """
        turn.demand()
        self._sweep()
        self._take_note(turn)
        wrong = self._watch.note(self._passed())
        missing = self._in_use.only(self._marked.within(self._in_use, LOOKED_BACK))
        if wrong and len(missing) and self._drops:
            since = self._watch.since or clock.now()
            recent = self._store.revisions.watched(clock.now() - since + BEAT)
            who = f"{named(missing, NAMED_IN_LOG)} are on the list, and not found: {wrong}"
            self._trip(turn, who, since - BEAT, self._cuts(recent))
        if not self._watch.is_armed and len(self._in_use):
            self._in_use = NONE
            self._ask_for(self._watched)
        missed = [(each, each.cut.only(self._marked.within(each.cut, LOOKED_BACK))) for each in self._overridden]
        missed = [(each, entries) for each, entries in missed if len(entries)]
        if missed and self._drops:
            who = ", ".join(f"{named(entries, NAMED_IN_LOG)} (revision {each.revision})" for each, entries in missed)
            since = min(each.at for each, _ in missed)
            self._trip(turn, f"who was cut over the limits is still there: {who}", since, [each for each, _ in missed])

    @property
    def _drops(self) -> bool:
        policies = self._controls.policies().values()
        return any(policy.dropped_share for policy in policies) and not self._controls.brake

    def _take_note(self, turn: Turn) -> None:
        """Take in what was changed since the last beat, by whatever door."""
        revision, version = self._live.state.revision, self._policies.version
        if revision != self._revision:
            since = revision - self._revision if self._revision >= 0 else 0
            is_watched = any(each.is_watched for each in self._store.revisions.last(since))
            self._revision = revision
            self._watch_cuts()
            if is_watched:
                self._arm(turn)
            elif len(self._in_use):
                self._in_use = self._live_of(self._in_use)
                self._ask_for(self._watched)
        if version != self._version:
            recent = self._store.tightened.within(WATCHED)
            is_tighter = self._version >= 0 and any(each.version > self._version for each in recent)
            self._version = version
            if is_tighter:
                self._arm(turn)

    def _arm(self, turn: Turn) -> None:
        """Watch what passes from now on, and have the kernel tell where it does not find who is on the list."""
        self._watch.arm(clock.now())
        self._usage.take_in_marks(turn)
        self._in_use = self._live_of(self._usage.last_seen.recent(IN_USE))
        self._ask_for(self._watched)

    def _live_of(self, prefixes: Allowlist) -> Allowlist:
        union = self._live.state.union
        return unite(union.local.at(prefixes), union.followed.at(prefixes))

    def _ask_for(self, entries: Allowlist) -> None:
        """Have the kernel ask for entries where it finds no end of a packet on the live list."""
        self._sweep()
        self._lists.watch_cut(entries)

    def _sweep(self) -> None:
        self._marked.note(*self._lists.sweep_cut())

    def _expect(self, cut: Allowlist) -> None:
        """Have the kernel tell of those, too, who are about to be cut: not one packet of theirs is dropped."""
        self._ask_for(self._watched.with_changes(self._may_be_missed(cut, 0.0), NONE))

    @property
    def _watched(self) -> Allowlist:
        watched = self._in_use
        for each in self._overridden:
            watched = watched.with_changes(each.cut, NONE)
        return watched

    def _watch_cuts(self) -> None:
        """Have the kernel tell of packets of those who were cut although the limits were exceeded."""
        before = [each.revision for each in self._overridden]
        self._overridden = self._cuts(self._store.revisions.overridden(LOOKED_BACK))
        if [each.revision for each in self._overridden] != before:
            self._ask_for(self._watched)

    def _cuts(self, revisions: Sequence[tuple[int, float]]) -> list[_Cut]:
        """Return whom revisions, each with its age, cut who are not let through since, and may be missed."""
        union, found = self._live.state.union, []
        for number, age in revisions:
            content = self._store.revisions.content(number)
            if content is not None:
                gone = content.was.without(union.local).without(union.followed)
                missed = self._may_be_missed(gone.outside(union.local).outside(union.followed), age)
                if len(missed):
                    found.append(_Cut(number, clock.now() - age, missed))
        return found

    def _may_be_missed(self, gone: Allowlist, age: float) -> Allowlist:
        """Return who had traffic in the day before; all of them where that is not known for so long."""
        if self._usage.last_seen.known_for < IN_USE and len(gone) <= MOST_WATCHED:
            return gone
        return gone.only(self._usage.last_seen.within(gone, IN_USE + age))

    def _passed(self) -> Passed:
        sums = dict.fromkeys(("registered", "unregistered", "refused", "ordinary"), 0)
        for count in self._controls.counts():
            if count.reason == "registered":
                sums["registered"] += count.packets
            elif count.protocol == "none":
                sums["ordinary"] += count.packets
            else:
                sums["unregistered"] += count.packets
                sums["refused"] += count.packets if count.verdict == "drop" else 0
        return Passed(clock.now(), **sums)

    def _trip(self, turn: Turn, why: str, since: float, cuts: list[_Cut]) -> None:
        """Undo cuts, and what was tightened since a time: the policies first, by one store each."""
        origin = Origin(Door.BREAKER, why=why[:200])
        tightened = self._store.tightened.within(clock.now() - since)
        done = self._undoing.undo(turn, tightened, [each.revision for each in cuts], origin)
        self._watch.disarm()
        self._marked = LastSeen()
        what = "; ".join(done) or "nothing, since nothing was tightened"
        log.critical("breaker", why=why, undone=what)
        self.tripped.append(f"{why}: undone: {what}")
        del self.tripped[:-MOST_TOLD]
        self._revision = self._live.state.revision
        self._watch_cuts()
