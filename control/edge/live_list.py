"""The live list: the union of the local list and the feed's, kept on disk and in the kernel under rising revisions.

This is the one place where a change of a list is applied, and taken back when the kernel refuses it. What only lets
more through goes to the kernel first: a disk that does not take it is told, and is no reason not to do it. What cuts
is on disk first.
"""

import time
from collections.abc import Callable
from dataclasses import replace

import structlog

from control.allowlist.allowlist import Allowlist
from control.allowlist.naming import named
from control.datapath.datapath import Datapath
from control.datapath.generations.generation import Generation
from control.datapath.predecessor import Predecessor
from control.edge.live_kernel import LiveKernel
from control.edge.live_state import LiveState, Near, Timing
from control.edge.newest import Newest
from control.edge.state.revisions import Revision
from control.edge.state.store import Store
from control.edge.turn import Turn
from control.fault import Fault, Kind, Refused
from control.rollout.change import NONE, Change
from control.rollout.judgement import Judgement
from control.rollout.origin import Door, Origin
from control.rollout.position import Position
from control.rollout.union import Effect, Source, Union
from control.rollout.weight import NOTHING, Consent, Weight

log = structlog.get_logger()

NAMED_IN_LOG = 20  # prefixes of each kind that a change's line in the log names
CHANGES_BEFORE_SNAPSHOT = 1000  # what a start would have to replay at most

JudgeCut = Callable[[Turn, Allowlist, int], Judgement]
"""Says of entries that would be cut, of so many, whether that is too much."""


class LiveList:
    """Both lists and their union, on disk and in the kernel.

    Attributes:
        state: what is live.
        changes_before_snapshot: how many changes a start may have to replay.
        found: what the start found amiss, in words.
        not_kept: why the disk has not all that is live of a list; it is tried again.
        before_override: told whom a change is about to cut over the limits.
    """

    def __init__(self, datapath: Datapath, store: Store) -> None:
        self._generations, self._controls, self._store = datapath.lists, datapath.controls, store
        self._kernel = LiveKernel(datapath.lists)
        self.state = LiveState(Union(NONE, NONE, 0), Position(), Position(), 0)
        self.changes_before_snapshot = CHANGES_BEFORE_SNAPSHOT
        self.found: list[Fault] = []
        self.not_kept: dict[Source, str] = {}
        self.before_override: Callable[[Allowlist], None] = lambda _cut: None

    def bring_up(self, turn: Turn, before: Predecessor | None, judge: JudgeCut) -> tuple[Change, Judgement] | None:
        """Take up the newest whole list, of disk and kernel, and bring both to it.

        ``before`` is what a new program takes over from. Where the kernel lets through what the newest list does not,
        ``judge`` is asked; if that is too much at a time it stays live on the local list, and what it would take to cut
        it is returned.

        Raises:
            Refused: disk or kernel do not do what is needed.
        """
        turn.demand()
        live, controls = (before.live, before.controls) if before else (self._generations.live, self._controls)
        newest = Newest.of(self._store, live, controls.epoch())
        self.found = [*self._store.faults, *newest.found]
        for fault in self.found:
            log.error("damaged", where=fault.where, why=fault.why, mend=fault.mend)
        self._store.adopt_epoch(newest.epoch)
        self.state = LiveState(newest.union, newest.local, newest.followed, newest.revision)
        for source in newest.to_keep:
            self._store.history(source).go_ahead(newest.position(source))
        held, is_there = None, self._is_in(live)
        if live is not None and live.is_whole and not is_there:
            held = self._keep_live(turn, live, judge)
            is_there = held is not None and self._is_in(live)
        self.keep_snapshots(turn)
        self._bring_kernel(is_there=is_there and live is self._generations.live)
        self._controls.set_epoch(self._store.epoch)
        return held

    @property
    def held_revisions(self) -> list[int]:
        """The revisions that the kernel still holds whole beside the live one, the newest first."""
        return self._kernel.held_revisions

    def go_back(self, turn: Turn, revision: int) -> float | None:
        """Make what the kernel holds of a revision live at once, by one store; return the seconds that it took.

        For what only lets more through than the local list does now; ``apply`` of just that follows, or ``stay``. None:
        it is not held.
        """
        turn.demand()
        after = self.state.after(Source.LOCAL, self.state.union, self.state.local.next)
        return self._kernel.go_back(revision, after.provenance)

    def stay(self, turn: Turn) -> None:
        """Have the kernel by the state again, after ``go_back`` that is not to be."""
        turn.demand()
        self._kernel.put(self.state)

    def apply(
        self,
        turn: Turn,
        source: Source,
        change: Change,
        position: Position,
        weight: Weight = NOTHING,
        near: Near | None = None,
    ) -> Timing:
        """Make a change of one of the lists live, after which that list is at ``position``.

        ``weight`` is what is noted of it; ``near`` a generation to make of it what is to be live.

        Raises:
            Refused: there is no room for it, or nobody waits for it any more; nothing has changed, but that what only
                lets more through may be live, which is said.
        """
        turn.demand()
        timing = (
            self._narrow(turn, source, change, position, weight, near)
            if change.narrows
            else self._widen(source, change, position, weight, near)
        )
        self._log(source, change, position, timing)
        return timing

    def keep_snapshots(self, turn: Turn) -> None:
        """Let a start have little to replay, and keep what the disk did not take when it was asked.

        A disk that does not take it is said, and tried again.
        """
        turn.demand()
        for source in Source:
            history = self._store.history(source)
            if not history.is_kept or history.changes_since_snapshot() >= self.changes_before_snapshot:
                self._keep_whole(source)

    def _is_in(self, live: Generation | None) -> bool:
        """Return whether a generation is whole, and holds just the state; comparing takes longest of all of a start."""
        return live is not None and live.is_whole and live.holds(self.state.union.whole())

    def _keep_live(self, turn: Turn, live: Generation, judge: JudgeCut) -> tuple[Change, Judgement] | None:
        """Have the state let through what the kernel does, where to cut it is too much; return what would cut it."""
        whole, union, local = self.state.union.whole(), self.state.union, self.state.union.local
        kernel = live.read()
        cut = Change.to(kernel, whole).cut.outside(whole)
        judgement = judge(turn, cut, len(kernel))
        if not judgement.is_over:
            return None
        origin = Origin(Door.START, why="the kernel has them, and the disk has not")
        wider = Change.of(local, cut, NONE, origin).loosening().new
        self.state = self.state.after(Source.LOCAL, Union.of(wider, union.followed), self.state.local.next)
        self._store.history(Source.LOCAL).go_ahead(self.state.local)
        return Change.to(wider, local, origin), judgement

    def _bring_kernel(self, *, is_there: bool) -> None:
        """Bring the kernel to the state, if it is not there; what was staged and never live is let go of."""
        generations, provenance = self._generations, self.state.provenance
        live = generations.live
        if is_there and live is not None:
            live.finish(provenance)
        else:
            generations.go_live(generations.stage(self.state.union.whole(), provenance))
        generations.settle()

    def _keep_whole(self, source: Source) -> None:
        try:
            self._store.history(source).keep_whole(self.state.union.list_of(source))
        except Refused as refused:
            self._say_not_kept(source, refused)
        else:
            self.not_kept.pop(source, None)

    def _say_not_kept(self, source: Source, refused: Refused) -> str:
        why = str(refused.faults[0])
        if self.not_kept.get(source) != why:
            log.error("not kept", list=source.value, why=why)
        self.not_kept[source] = why
        return why

    def _widen(
        self,
        source: Source,
        change: Change,
        position: Position,
        weight: Weight = NOTHING,
        near: Near | None = None,
    ) -> Timing:
        """Let it through first, and keep it afterwards."""
        union, effect = self.state.union.after(source, change)
        after, started = self.state.after(source, union, position), time.perf_counter()
        self._kernel.widen(self.state, after, effect, near)
        self.state, live = after, time.perf_counter()
        self._generations.retire()
        history = self._store.history(source)
        self._note(source, change, after, weight)
        try:
            history.record(change, position)
        except Refused as refused:
            history.go_ahead(position)
            return Timing(live - started, time.perf_counter() - live, self._say_not_kept(source, refused))
        return Timing(live - started, time.perf_counter() - live)

    def _narrow(
        self, turn: Turn, source: Source, change: Change, position: Position, weight: Weight, near: Near | None
    ) -> Timing:
        """Keep it on disk, then cut; where the disk does not take it, what it widens is live all the same."""
        union, effect = self.state.union.after(source, change)
        after = self.state.after(source, union, position)
        if weight.consent is Consent.OVERRIDDEN:
            self.before_override(change.cut)
        withdraw = self._note(source, change, after, weight)
        try:
            return (
                self._swap(turn, source, change, after, near)
                if not effect.is_small
                else self._in_place(source, change, after, effect)
            )
        except Refused as refused:
            withdraw()
            widening = change.loosening()
            if refused.kind != Kind.NO_ROOM or not len(widening):
                raise
            held = self.state.position(source)
            timing = self._widen(source, widening, held.next if source is Source.LOCAL else held)
            self._log(source, widening, self.state.position(source), timing)
            what = f"the {len(widening):,} entries that are new or wider are live; nothing was removed or narrowed"
            fault = Fault("what only lets more through", what, "repeat the change when there is room")
            raise Refused(refused.kind, refused.title, [*refused.faults, fault]) from refused

    def _swap(self, turn: Turn, source: Source, change: Change, after: LiveState, near: Near | None) -> Timing:
        """Build beside what is live, keep on disk, go live: what can fail comes first."""
        generations, started = self._generations, time.perf_counter()
        staged = self._kernel.staged(after, near)
        built = time.perf_counter()
        try:
            turn.demand()  # building may have taken longer than anybody waits
            self._store.history(source).record(change, after.position(source))
        except Refused:
            generations.discard(staged)
            raise
        kept = time.perf_counter()
        generations.go_live(staged)
        self.state, live = after, time.perf_counter()
        generations.retire()
        return Timing(kernel=built - started + live - kept, disk=kept - built)

    def _in_place(self, source: Source, change: Change, after: LiveState, effect: Effect) -> Timing:
        """Keep on disk, then change what is live; taken back when the kernel refuses."""
        history, started = self._store.history(source), time.perf_counter()
        history.record(change, after.position(source))
        kept = time.perf_counter()
        try:
            self._generations.change(effect.added, effect.removed, after.provenance, after.union.whole)
        except (Refused, OSError):
            self._take_back(source, change)
            raise
        self.state = after
        return Timing(kernel=time.perf_counter() - kept, disk=kept - started)

    def _take_back(self, source: Source, change: Change) -> None:
        """Make live what was before a change that the kernel took in part: the old content, under the next revision."""
        history = self._store.history(source)
        back = Change.to(change.held, change.held, replace(change.origin, why="the kernel refused it"))
        self._note(source, back, self.state.after(source, self.state.union, self.state.position(source)), NOTHING)
        history.revert(change, self.state.position(source))
        self.state = self.state.after(source, self.state.union, history.position)
        self._kernel.put(self.state)

    def _note(self, source: Source, change: Change, after: LiveState, weight: Weight) -> Callable[[], None]:
        serial, sizes = after.position(source).serial, (len(change.added), len(change.removed))
        revision = Revision(after.revision, source, serial, len(change.new), time.time(), change.origin, *sizes, weight)
        return self._store.revisions.note(revision, change)

    def _log(self, source: Source, change: Change, position: Position, timing: Timing) -> None:
        sizes = {"count": len(change.new), "added": len(change.added), "removed": len(change.removed)}
        parts = {"adds": change.added, "removes": change.removed}
        prefixes = {name: named(entries, NAMED_IN_LOG) for name, entries in parts.items() if len(entries)}
        names = {Source.LOCAL: "list", Source.FEED: "followed"}
        kept = {"not_kept": timing.not_kept} if timing.not_kept else {}
        log.info(
            names[source],
            serial=position.serial,
            **sizes,
            **prefixes,
            live=self.state.union.count,
            **change.origin.logged,
            **kept,
        )
