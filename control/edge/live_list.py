"""The live list: the union of the local list and the feed's, kept on disk and in the kernel under rising revisions.

This is the one place where a change of a list is applied, and taken back when the kernel refuses it.
"""

import time
from dataclasses import dataclass

import structlog

from control.allowlist.allowlist import Allowlist
from control.datapath.datapath import Datapath
from control.edge.state.store import Store
from control.edge.turn import Turn
from control.fault import Fault, Refused
from control.rollout.change import NONE, Change
from control.rollout.position import Position
from control.rollout.union import Effect, Source, Union

log = structlog.get_logger()

CHANGES_BEFORE_SNAPSHOT = 1000  # what a start would have to replay at most


@dataclass(frozen=True, slots=True)
class LiveState:
    """What is live, as one value: whoever reads it sees one moment, and needs no turn.

    Attributes:
        union: of both lists: what the kernel has.
        local: where the local list has got to.
        followed: where the feed's list has got to here.
        revision: counts the changes of either; the kernel has it with the list. The local serial where no feed was
            ever followed.
    """

    union: Union
    local: Position
    followed: Position
    revision: int

    def position(self, source: Source) -> Position:
        """Return where one of the lists has got to."""
        return self.local if source is Source.LOCAL else self.followed


@dataclass(frozen=True, slots=True)
class Timing:
    """How many seconds a change took in kernel and on disk."""

    kernel: float = 0.0
    disk: float = 0.0


class LiveList:
    """Both lists and their union, on disk and in the kernel.

    Attributes:
        state: what is live.
        changes_before_snapshot: how many changes a start may have to replay.
    """

    def __init__(self, datapath: Datapath, store: Store) -> None:
        self._generations, self._controls, self._store = datapath.lists, datapath.controls, store
        self.state = LiveState(Union(NONE, NONE, 0), Position(), Position(), 0)
        self.changes_before_snapshot = CHANGES_BEFORE_SNAPSHOT

    def bring_up(self, turn: Turn) -> None:
        """Take up what was last accepted, and bring the kernel to it.

        Raises:
            Refused: disk or kernel do not do what is needed.
        """
        turn.demand()
        _report(self._store.faults)
        union = Union.of(self._take_up_local(), self._take_up_followed())
        self.state = self._state(union)
        whole, generations, epoch = union.whole(), self._generations, self._store.epoch
        live, revision = generations.live, self.state.revision
        is_ours = live is not None and self._controls.epoch() == epoch and live.revision == revision
        if live is None or not is_ours or not live.holds(whole):
            generations.go_live(generations.stage(whole, revision))
        generations.settle()
        self._controls.set_epoch(epoch)

    def apply(self, turn: Turn, source: Source, change: Change, position: Position) -> Timing:
        """Make a change of one of the lists live, after which that list is at ``position``.

        Raises:
            Refused: there is no room for it, or nobody waits for it any more; nothing has changed.
        """
        turn.demand()
        union, effect = self.state.union.after(source, change)
        change.origin.demand_time(time.monotonic())
        if effect.is_small:
            timing = self._in_place(source, change, position, union, effect)
        else:
            timing = self._swap(source, change, position, union)
        self.state = self._state(union)
        self._log(source, change, position)
        return timing

    def keep_snapshots(self, turn: Turn) -> None:
        """Let a start have little to replay.

        Raises:
            Refused: the disk does not take it.
        """
        turn.demand()
        for source in Source:
            history = self._store.history(source)
            if history.changes_since_snapshot() >= self.changes_before_snapshot:
                history.keep_snapshot(history.position.serial, self.state.union.list_of(source))

    def _take_up_local(self) -> Allowlist:
        live = self._generations.live
        on_disk_or_live, faults = self._store.local.take_up(live.read if live else None, live.revision if live else 0)
        _report(faults)
        return on_disk_or_live

    def _take_up_followed(self) -> Allowlist:
        followed, faults = self._store.followed.take_up()
        _report(faults)
        if faults:
            # The live list may be newer than what the damaged database still says: it stays until the feed answers.
            live = self._generations.live
            followed = live.read() if live else followed
            self._store.followed.begin(Position(), followed)
        return followed

    def _swap(self, source: Source, change: Change, position: Position, union: Union) -> Timing:
        """Build beside what is live, keep on disk, go live: what can fail comes first."""
        generations, started = self._generations, time.perf_counter()
        staged = generations.stage(union.whole(), self.state.revision + 1)
        built = time.perf_counter()
        try:
            self._store.history(source).record(change, position)
        except Refused:
            generations.discard(staged)
            raise
        kept = time.perf_counter()
        generations.go_live(staged)
        generations.retire()
        return Timing(kernel=built - started + time.perf_counter() - kept, disk=kept - built)

    def _in_place(self, source: Source, change: Change, position: Position, union: Union, effect: Effect) -> Timing:
        """Keep on disk, then change what is live; taken back when the kernel refuses."""
        history, started = self._store.history(source), time.perf_counter()
        history.record(change, position)
        kept = time.perf_counter()
        try:
            self._generations.change(effect.added, effect.removed, self.state.revision + 1, union.whole)
        except (Refused, OSError):
            self._take_back(source, change)
            raise
        return Timing(kernel=time.perf_counter() - kept, disk=kept - started)

    def _take_back(self, source: Source, change: Change) -> None:
        """Make live what was before a change that the kernel took in part: the old content, under the next revision."""
        self._store.history(source).revert(change, self.state.position(source))
        self.state = self._state(self.state.union)
        self._generations.go_live(self._generations.stage(self.state.union.whole(), self.state.revision))

    def _state(self, union: Union) -> LiveState:
        local, followed = self._store.local.position, self._store.followed
        return LiveState(union, local, followed.position, local.serial + followed.revision)

    def _log(self, source: Source, change: Change, position: Position) -> None:
        sizes = {"count": len(change.new), "added": len(change.added), "removed": len(change.removed)}
        origin = {name: value for name, value in (("who", change.origin.who), ("why", change.origin.why)) if value}
        names = {Source.LOCAL: "list", Source.FEED: "followed"}
        log.info(
            names[source],
            serial=position.serial,
            **sizes,
            live=self.state.union.count,
            door=change.origin.door.value,
            **origin,
        )


def _report(faults: list[Fault]) -> None:
    for fault in faults:
        log.error("damaged", where=fault.where, why=fault.why, mend=fault.mend)
