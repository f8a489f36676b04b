"""The live list: the union of the local list and the feed's, kept on disk and in the kernel under rising serials."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from control.allowlist.allowlist import Allowlist
from control.datapath.datapath import Datapath
from control.datapath.generations.lists import IN_PLACE
from control.edge.state.store import LocalList, Version
from control.fault import Fault, Refused
from control.feed.feed import Position
from control.rollout.union import Change, Effect, Union

log = structlog.get_logger()

CHANGES_BEFORE_SNAPSHOT = 1000


@dataclass(frozen=True, slots=True)
class Keeping:
    """How a change of one of the two lists is kept.

    Attributes:
        keep: keeps it on disk, or refuses.
        back: keeps the list as it was before, under a new serial, after the kernel refused the change.
    """

    keep: Callable[[], None]
    back: Callable[[], None]


class LiveList:
    """Both lists and their union. Whoever changes it has the edge's lock; reading needs none.

    Attributes:
        union: of both lists: what the kernel has.
        serial: of the local list.
        changes_before_snapshot: how many changes a start has to replay at most.
    """

    def __init__(self, datapath: Datapath, store: LocalList) -> None:
        self._lists, self._controls, self._store = datapath.lists, datapath.controls, store
        self.union = Union(Allowlist.empty(), Allowlist.empty(), 0)
        self.serial = 0
        self.changes_before_snapshot = CHANGES_BEFORE_SNAPSHOT

    @property
    def local(self) -> Allowlist:
        """What this edge was given."""
        return self.union.local

    @property
    def followed(self) -> Allowlist:
        """The feed's list as last accepted."""
        return self.union.followed

    @property
    def version(self) -> Version:
        """The local list's epoch and serial."""
        return Version(self._store.epoch, self.serial)

    @property
    def position(self) -> Position:
        """Where the feed's list has got to here."""
        return self._store.followed.position

    @property
    def number(self) -> int:
        """The union's own serial, as the kernel has it: the local one where no feed was ever followed."""
        return self.serial + self._store.followed.number

    def bring_up(self) -> None:
        """Take up what was last accepted, and bring the kernel to it.

        Raises:
            Refused: disk or kernel do not do what is needed.
        """
        self.union = Union.of(self._load_local(), self._load_followed())
        whole = self.union.whole()
        live, epoch = self._lists.live, self._store.epoch
        is_ours = live is not None and self._controls.epoch() == epoch and live.serial == self.number
        if live is None or not is_ours or not live.holds(whole):
            self._lists.go_live(self._lists.stage(whole, self.number))
        self._lists.settle()
        self._controls.set_epoch(epoch)

    def set_local(self, change: Change) -> dict[str, float]:
        """Make a change of the local list live; return how many seconds kernel and disk took.

        Raises:
            Refused: there is no room for it; nothing has changed.
        """
        serial, store = self.serial + 1, self._store

        def keep() -> None:
            if change.size <= IN_PLACE:
                store.keep_change(serial, change.added, change.gone)
            else:
                store.keep_snapshot(serial, change.new)

        def back() -> None:
            self.serial = serial + 1
            store.keep_snapshot(self.serial, self.local)

        union, effect = self.union.with_local(change)
        seconds = self._make_live(union, effect, Keeping(keep, back))
        self.union, self.serial = union, serial
        self._log("list", serial, change)
        return seconds

    def set_followed(self, change: Change, position: Position) -> dict[str, float]:
        """Make a change of the feed's list live; return how many seconds kernel and disk took.

        Raises:
            Refused: there is no room for it; nothing has changed.
        """
        followed, before = self._store.followed, self.position
        is_next = position == Position(before.epoch, before.serial + 1)

        def keep() -> None:
            if not is_next:
                followed.begin(position, change.new)
            elif change.size <= IN_PLACE:
                followed.keep_change(position.serial, change.added, change.gone)
            else:
                followed.keep_snapshot(position.serial, change.new)

        union, effect = self.union.with_followed(change)
        seconds = self._make_live(union, effect, Keeping(keep, lambda: followed.begin(before, self.followed)))
        self.union = union
        self._log("followed", position.serial, change)
        return seconds

    def keep_snapshots(self) -> None:
        """Let a start have little to replay.

        Raises:
            Refused: the disk does not take it.
        """
        if self._store.changes_since_snapshot() >= self.changes_before_snapshot:
            self._store.keep_snapshot(self.serial, self.local)
        if self._store.followed.changes_since_snapshot() >= self.changes_before_snapshot:
            self._store.followed.keep_snapshot(self.position.serial, self.followed)

    def _load_local(self) -> Allowlist:
        local, self.serial, faults = self._store.load()
        _report(faults)
        live, last = self._lists.live, self._store.last_serial()
        if self.serial == 0 and live is not None:
            local = live.read()  # the disk was lost: what is live is the last good list
        if self.serial == 0 or self.serial < last:
            self.serial = max(last, live.serial if live else 0) + 1
            self._store.keep_snapshot(self.serial, local)
        return local

    def _load_followed(self) -> Allowlist:
        followed, faults = self._store.followed.load_followed()
        _report(faults)
        if faults:
            # What is live may be newer than what can be read: it stays, and the feed says what is right.
            live = self._lists.live
            followed = live.read() if live else followed
            self._store.followed.begin(Position(), followed)
        return followed

    def _make_live(self, union: Union, effect: Effect, keeping: Keeping) -> dict[str, float]:
        if effect.size <= IN_PLACE:
            return self._change_in_place(union, effect, keeping)
        return self._swap(union.whole(), keeping)

    def _swap(self, new: Allowlist, keeping: Keeping) -> dict[str, float]:
        """Build beside what is live, keep on disk, go live: what can fail comes first."""
        lists, started = self._lists, time.perf_counter()
        staged = lists.stage(new, self.number + 1)
        built = time.perf_counter()
        try:
            keeping.keep()
        except Refused:
            lists.discard(staged)
            raise
        kept = time.perf_counter()
        lists.go_live(staged)
        lists.retire()
        return {"kernel": built - started + time.perf_counter() - kept, "disk": kept - built}

    def _change_in_place(self, union: Union, effect: Effect, keeping: Keeping) -> dict[str, float]:
        """Keep on disk, then change what is live; taken back when the kernel refuses."""
        lists, number, started = self._lists, self.number + 1, time.perf_counter()
        keeping.keep()
        kept = time.perf_counter()
        try:
            lists.change(effect.added, effect.gone, number, union.whole)
        except (Refused, OSError):
            # A serial never goes back: the old content is published again under the next one.
            keeping.back()
            lists.go_live(lists.stage(self.union.whole(), self.number))
            raise
        return {"kernel": time.perf_counter() - kept, "disk": kept - started}

    def _log(self, which: str, serial: int, change: Change) -> None:
        sizes = {"count": len(change.new), "added": len(change.added), "removed": len(change.gone)}
        log.info(which, serial=serial, **sizes, live=self.union.count)


def _report(faults: list[Fault]) -> None:
    for fault in faults:
        log.error("damaged", where=fault.where, why=fault.why, mend=fault.mend)
