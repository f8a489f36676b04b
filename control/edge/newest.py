"""The newest whole list that there is when an edge starts, wherever it lies: on disk or in the kernel.

Both say which line of serials theirs is of (the epoch), how far it has got, and a digest of what they hold. The kernel
has the union of two lists, without notes; which entry is of which list is told by what the disk has of both, old as
that may be. Where it cannot be told, an entry stays: nobody is cut because a disk was damaged or an older one was put
in its place.
"""

from dataclasses import dataclass

from control.allowlist.allowlist import Allowlist
from control.datapath.generations import entry_map
from control.datapath.generations.generation import Generation
from control.edge.state.store import Store
from control.fault import Fault
from control.rollout.change import NONE
from control.rollout.position import Position
from control.rollout.union import Source, Union, unite

PUSH = "check the disk; see that the list is what you expect, and push it anew if it is not"


@dataclass(frozen=True, slots=True)
class OnDisk:
    """What the disk has, as far as it is whole.

    Attributes:
        local, followed: the lists.
        serial: of the local list.
        last: the highest serial that the local list ever had there, damaged or not.
        position: of the feed's list.
        revision: how often both lists had changed.
        is_feed_damaged: the feed's list is not the one of its last position.
        faults: what was damaged.
    """

    local: Allowlist
    followed: Allowlist
    serial: int
    last: int
    position: Position
    revision: int
    is_feed_damaged: bool
    faults: list[Fault]

    @classmethod
    def of(cls, store: Store) -> "OnDisk":
        """Read it.

        Raises:
            Refused: the disk cannot be read.
        """
        local, serial, faults = store.local.load()
        followed, more = store.followed.take_up()
        # After damage that list is of no serial that the feed knows: it starts anew.
        position = Position() if more else store.followed.position
        last = store.local.last_serial()
        revision = serial + store.followed.revision
        return cls(local, followed, serial, last, position, revision, bool(more), [*faults, *more])

    @property
    def is_empty(self) -> bool:
        """Whether nothing was ever kept there: it is new, or was lost."""
        return not self.last and not self.position.epoch and not len(self.followed)


@dataclass(frozen=True, slots=True)
class Newest:
    """What an edge starts with.

    Attributes:
        union: both lists.
        epoch: 16 bytes, of the local list's serials.
        local, followed: where each has got to.
        revision: how often either has changed.
        found: what was amiss, in words.
        to_keep: the lists that the disk has not, or not so.
    """

    union: Union
    epoch: bytes
    local: Position
    followed: Position
    revision: int
    found: tuple[Fault, ...] = ()
    to_keep: frozenset[Source] = frozenset()

    def position(self, source: Source) -> Position:
        """Return where one of the lists has got to."""
        return self.local if source is Source.LOCAL else self.followed

    @classmethod
    def of(cls, store: Store, live: Generation | None, kernel_epoch: bytes) -> "Newest":
        """Return the newest whole list of disk and kernel; ``live`` is what the kernel has, of ``kernel_epoch``.

        Raises:
            Refused: the disk cannot be read.
        """
        disk = OnDisk.of(store)
        if live is None or not live.is_whole:
            found = [*disk.faults, *([_half_changed(disk)] if live is not None else [])]
            return _of_disk(store, disk, live, found)
        if disk.is_empty:
            return _of_kernel(store, disk, live, kernel_epoch)
        if kernel_epoch != store.epoch and not store.is_epoch_lost:
            return _of_two_lines(store, disk, live)
        return _of_one_line(store, disk, live)


def _of_disk(store: Store, disk: OnDisk, live: Generation | None, found: list[Fault]) -> Newest:
    """Take the disk's. After damage the next serial is one that neither disk nor kernel ever had."""
    ever = max(disk.last, live.provenance.local if live else 0)
    is_first = not ever
    serial = disk.serial if disk.serial == ever and not is_first else ever + 1
    to_keep = frozenset({Source.LOCAL} if serial != disk.serial else ()) | _damaged_feed(store, disk)
    revision = max(disk.revision + serial - disk.serial, live.revision if live else 0)
    local = Position(store.epoch.hex(), serial)
    union = Union.of(disk.local, disk.followed)
    return Newest(union, store.epoch, local, disk.position, revision, tuple(found), to_keep)


def _of_kernel(store: Store, disk: OnDisk, live: Generation, epoch: bytes) -> Newest:
    """Take the kernel's: the disk has nothing. Its serials go on."""
    provenance, whole = live.provenance, live.read()
    is_followed = not provenance.local and bool(provenance.followed.epoch)
    union = Union.of(NONE, whole) if is_followed else Union.of(whole, NONE)
    why = f"there is no list; the kernel has one of {len(whole):,} entries, which is taken, without its notes"
    if provenance.followed.epoch and not is_followed:
        why += "; what the feed had given counts as the local list's from now on"
    found = (*disk.faults, Fault(str(store.path), why, PUSH))
    epoch = epoch if any(epoch) else store.epoch
    local = Position(epoch.hex(), max(provenance.local, 1))
    followed = provenance.followed if is_followed else Position()
    to_keep = frozenset({Source.LOCAL} | ({Source.FEED} if is_followed else set()))
    return Newest(union, epoch, local, followed, max(live.revision, 1), found, to_keep)


def _of_two_lines(store: Store, disk: OnDisk, live: Generation) -> Newest:
    """Take both: neither can be told to be newer. A serial follows that neither has had."""
    held = Union.of(disk.local, disk.followed)
    local = unite(disk.local, _gained(live.read(), held.whole()))
    why = "it is of another line of serials than the list in the kernel; both are live together, so that nobody is cut"
    serial = max(disk.last, live.provenance.local) + 1
    return Newest(
        Union.of(local, disk.followed),
        store.epoch,
        Position(store.epoch.hex(), serial),
        disk.position,
        max(disk.revision, live.revision) + 1,
        (*disk.faults, Fault(str(store.path), why, "push the list that is meant, as a whole")),
        frozenset({Source.LOCAL}) | _damaged_feed(store, disk),
    )


def _of_one_line(store: Store, disk: OnDisk, live: Generation) -> Newest:
    provenance, held = live.provenance, Union.of(disk.local, disk.followed)
    local_newer = provenance.local > disk.serial
    is_later = disk.is_feed_damaged or live.revision > disk.revision
    followed_newer = _is_newer(provenance.followed, disk.position, is_later)
    if not local_newer and not followed_newer and (live.revision <= disk.revision or live.holds(held.whole())):
        return _of_disk(store, disk, live, disk.faults)
    kernel, whole = live.read(), held.whole()
    gained, lost = _gained(kernel, whole), whole.without(kernel)
    local, followed = disk.local, disk.followed
    if local_newer:
        local = local.with_changes(gained, lost)
    if followed_newer:
        followed = kernel if disk.is_feed_damaged else followed.with_changes(NONE if local_newer else gained, lost)
    if not local_newer and not followed_newer:  # the disk was full when the feed's additions came
        followed = followed.with_changes(gained, NONE) if disk.position.epoch else followed
        local = local if disk.position.epoch else local.with_changes(gained, NONE)
    serial = provenance.local if local_newer else max(disk.serial, disk.last)
    taken = {"local": (disk.serial, provenance.local)} if local_newer else {}
    taken |= {"followed": (disk.position.serial, provenance.followed.serial)} if followed_newer else {}
    what = " and ".join(
        f"the {name} list at serial {old}, and the kernel at {new}" for name, (old, new) in taken.items()
    )
    why = f"it has {what or 'less than the kernel'}: the kernel's is whole and newer, and is taken"
    return Newest(
        Union.of(local, followed),
        store.epoch,
        Position(store.epoch.hex(), serial),
        # Which of all these the feed gave is not known after damage: it is asked for all of it.
        provenance.followed if followed_newer and not disk.is_feed_damaged else disk.position,
        max(live.revision, disk.revision),
        (*disk.faults, Fault(str(store.path), why, PUSH)),
        frozenset({Source.LOCAL} if local_newer or serial != disk.serial or not disk.position.epoch else ())
        | (frozenset({Source.FEED}) if disk.position.epoch or followed_newer else frozenset()),
    )


def _is_newer(kernel: Position, disk: Position, is_later: bool) -> bool:
    """Return whether the kernel's position of the feed's list is newer; of two epochs the one that came later is."""
    return kernel.serial > disk.serial if kernel.epoch == disk.epoch else bool(kernel.epoch) and is_later


def _gained(kernel: Allowlist, whole: Allowlist) -> Allowlist:
    """Return the entries that the kernel has and a list has not, or has with other terms."""
    return _as_kept(kernel).difference(_as_kept(whole))


def _as_kept(whole: Allowlist) -> Allowlist:
    """Return a list as the kernel gives it back: without notes, and each VPN whole, which an older one did not do."""
    rows = entry_map.kernel_rows(whole)
    return entry_map.list_of(rows.plain4, *rows.beside_plain4)


def _damaged_feed(store: Store, disk: OnDisk) -> frozenset[Source]:
    is_damaged = disk.position != store.followed.position
    return frozenset({Source.FEED} if is_damaged else ())


def _half_changed(disk: OnDisk) -> Fault:
    why = f"it does not hold what it says: it was left half changed; the disk's is taken, serial {disk.serial}"
    return Fault("the list in the kernel", why, "nothing, where an agent was killed in the middle of a change")
