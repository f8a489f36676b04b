"""The feed's list as this edge last accepted it, on its own disk: with it an edge starts when the feed is gone."""

import hashlib

from control.allowlist.allowlist import Allowlist
from control.edge.state import seal
from control.edge.state.disk import Disk
from control.edge.state.history import History, tables
from control.edge.state.seal import Seal
from control.fault import Fault
from control.rollout.change import Change
from control.rollout.position import Position

PREFIX, EPOCH = "followed_", "followed_epoch"
SCHEMA = f"""
{tables(PREFIX)}
CREATE TABLE IF NOT EXISTS followed_epoch (epoch TEXT NOT NULL, base INTEGER NOT NULL, complete_at REAL);
"""


class FollowedList(History):
    """The feed's list beside the local one, under the feed's own serials.

    Attributes:
        complete_at: when everything that the feed had was last known to be live here, in seconds since 1970; none:
            never.
    """

    def __init__(self, disk: Disk) -> None:
        super().__init__(disk, PREFIX, "it is fetched anew from the feed; check the disk")
        rows = disk.rows("SELECT epoch, base, complete_at FROM followed_epoch")
        self._epoch: str = rows[0][0] if rows else ""
        self._base: int = rows[0][1] if rows else 0
        self.complete_at: float | None = rows[0][2] if rows else None
        self._serial, self._is_kept = 0, True

    @property
    def position(self) -> Position:
        """Where the feed's list has got to here."""
        return Position(self._epoch, self._serial)

    @property
    def revision(self) -> int:
        """How often this list changed here: one more with every change, whatever the feed's epochs and serials do."""
        return self._base + self._serial

    @property
    def is_kept(self) -> bool:
        """Whether the disk has the list as it is."""
        return self._is_kept

    def go_ahead(self, position: Position) -> None:
        """Take note that the list is at ``position``, which the disk has not."""
        if position != self.position.next:
            self._base = self.revision + 1 - position.serial
        self._epoch, self._serial, self._is_kept = position.epoch, position.serial, False

    def keep_whole(self, allowlist: Allowlist) -> None:
        """Keep the list as a whole, where it has got to.

        Raises:
            Refused: the disk does not take it; nothing has changed.
        """
        self.begin(self.position, allowlist)

    def take_up(self) -> tuple[Allowlist, list[Fault]]:
        """Return the list as ``load`` does, and take up its position.

        After damage the position is not that of the list, but of the last number given: ``begin`` anew.

        Raises:
            Refused: the disk cannot be read.
        """
        allowlist, _, faults = self.load()
        if seal.state(self._disk, EPOCH) is Seal.BROKEN:
            faults.append(Fault(f"{self._disk.path.name}, {EPOCH}", "it is not what was sealed", self._mend))
        self._serial = self.last_serial()
        return allowlist, faults

    def begin(self, position: Position, allowlist: Allowlist) -> None:
        """Keep a whole list, of another epoch or of a serial that is not the next; nothing before it is kept.

        Raises:
            Refused: the disk does not take it; nothing has changed.
        """
        base = self.revision + 1 - position.serial
        body = allowlist.pack()
        with self._disk.transaction():
            for table in (self._snapshot, self._change, "followed_epoch"):
                self._disk.write(f"DELETE FROM {table}")
            self._write_snapshot(position.serial, len(allowlist), hashlib.sha256(body).digest(), body)
            self._disk.write("INSERT INTO followed_epoch VALUES (?, ?, ?)", position.epoch, base, self.complete_at)
            seal.put(self._disk, EPOCH)
        self._epoch, self._base, self._serial = position.epoch, base, position.serial
        self._is_kept = True

    def record(self, change: Change, position: Position) -> None:
        """Keep a change, after which the list is at ``position``, of whatever epoch.

        Raises:
            Refused: the disk does not take it; nothing has changed.
        """
        if self._is_kept and position == self.position.next:
            self.keep(change, position.serial)
            self._serial = position.serial
        else:
            self.begin(position, change.new)

    def revert(self, change: Change, before: Position) -> None:
        """Keep the list as it was, at the position where it was.

        Raises:
            Refused: the disk does not take it; the change stays recorded.
        """
        self.begin(before, change.held)

    def keep_complete(self, at: float) -> None:
        """Keep when everything that the feed had was live here.

        Raises:
            Refused: the disk does not take it; nothing has changed.
        """
        with self._disk.transaction():
            self._disk.write("UPDATE followed_epoch SET complete_at = ?", at)
            seal.put(self._disk, EPOCH)
        self.complete_at = at
