"""The list that this edge was given, on its own disk, under serials of its own.

A serial is given at commit and never goes back or comes twice; the epoch, made with the database, says to which line of
serials it belongs.
"""

from control.allowlist.allowlist import Allowlist
from control.edge.state.disk import Disk
from control.edge.state.history import History
from control.fault import Fault
from control.rollout.change import Change
from control.rollout.position import Position

PREFIX = ""


class LocalList(History):
    """The local list."""

    def __init__(self, disk: Disk, epoch: bytes) -> None:
        super().__init__(disk, PREFIX, "push the list anew, and check the disk")
        self._epoch, self._serial, self._kept = epoch.hex(), 0, 0

    @property
    def position(self) -> Position:
        """Where the list has got to, once it was loaded."""
        return Position(self._epoch, self._serial)

    @property
    def is_kept(self) -> bool:
        """Whether the disk has the list as it is."""
        return self._serial == self._kept

    def load(self) -> tuple[Allowlist, int, list[Fault]]:
        """Return the list as last accepted, its serial, and what was set aside; and go on with that serial.

        Raises:
            Refused: the disk cannot be read.
        """
        allowlist, self._serial, faults = super().load()
        self._kept = self._serial
        return allowlist, self._serial, faults

    def adopt(self, epoch: bytes) -> None:
        """Go on under another epoch."""
        self._epoch = epoch.hex()

    def go_ahead(self, position: Position) -> None:
        """Take note that the list is at ``position``, which the disk has not."""
        self._serial = position.serial

    def keep_whole(self, allowlist: Allowlist) -> None:
        """Keep the list as a whole, where it has got to.

        Raises:
            Refused: the disk does not take it; nothing has changed.
        """
        self.keep_snapshot(self._serial, allowlist)
        self._kept = self._serial

    def record(self, change: Change, position: Position) -> None:
        """Keep a change, under the serial of ``position``: as that, if the disk has what was before it.

        Raises:
            Refused: the disk does not take it; nothing has changed.
        """
        if position.serial == self._kept + 1:
            self.keep(change, position.serial)
        else:
            self.keep_snapshot(position.serial, change.new)
        self._serial = self._kept = position.serial

    def revert(self, change: Change, before: Position) -> None:
        """Keep the list as it was, under a serial of its own: one never goes back.

        Raises:
            Refused: the disk does not take it; the change stays recorded.
        """
        self.keep_snapshot(self._serial + 1, change.held)
        self._serial += 1
        self._kept = self._serial
