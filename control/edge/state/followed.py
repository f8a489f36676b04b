"""The feed's list as this edge last accepted it, on its own disk: with it an edge starts when the feed is gone."""

import hashlib

from control.allowlist.allowlist import Allowlist
from control.edge.state.disk import Disk
from control.edge.state.history import History, tables
from control.fault import Fault
from control.feed.feed import Position

PREFIX = "followed_"
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
        found = disk.rows("SELECT epoch, base, complete_at FROM followed_epoch")
        self._epoch: str = found[0][0] if found else ""
        self._base: int = found[0][1] if found else 0
        self.complete_at: float | None = found[0][2] if found else None
        self._serial = 0

    @property
    def position(self) -> Position:
        """Where the feed's list has got to here."""
        return Position(self._epoch, self._serial)

    @property
    def number(self) -> int:
        """How often this list changed here: one more with every change, whatever the feed's epochs and serials do."""
        return self._base + self._serial

    def load_followed(self) -> tuple[Allowlist, list[Fault]]:
        """Return the list as ``load`` does, and take up its position.

        After damage the position is not that of the list, but of the last number given: ``begin`` anew.

        Raises:
            Refused: the disk cannot be read.
        """
        allowlist, _, faults = self.load()
        self._serial = self.last_serial()
        return allowlist, faults

    def begin(self, position: Position, allowlist: Allowlist) -> None:
        """Keep a whole list, of another epoch or of a serial that is not the next; nothing before it is kept.

        Raises:
            Refused: the disk does not take it; nothing has changed.
        """
        base = self.number + 1 - position.serial
        body = allowlist.pack()
        with self._disk.transaction():
            for table in (self._snapshot, self._change, "followed_epoch"):
                self._disk.write(f"DELETE FROM {table}")
            self._write_snapshot(position.serial, len(allowlist), hashlib.sha256(body).digest(), body)
            self._disk.write("INSERT INTO followed_epoch VALUES (?, ?, ?)", position.epoch, base, self.complete_at)
        self._epoch, self._base, self._serial = position.epoch, base, position.serial

    def keep_change(self, serial: int, added: Allowlist, removed: Allowlist) -> None:
        """Keep one change, the one after the position.

        Raises:
            Refused: the disk does not take it; nothing has changed.
        """
        super().keep_change(serial, added, removed)
        self._serial = serial

    def keep_snapshot(self, serial: int, allowlist: Allowlist) -> None:
        """Keep the whole list as it is at the position or after the next change.

        Raises:
            Refused: the disk does not take it; nothing has changed.
        """
        super().keep_snapshot(serial, allowlist)
        self._serial = serial

    def keep_complete(self, at: float) -> None:
        """Keep when everything that the feed had was live here.

        Raises:
            Refused: the disk does not take it; nothing has changed.
        """
        with self._disk.transaction():
            self._disk.write("UPDATE followed_epoch SET complete_at = ?", at)
        self.complete_at = at
