"""The list that this edge was given, on its own disk, under serials of its own.

A serial is given at commit and never goes back or comes twice; the epoch, made with the database, says to which line of
serials it belongs.
"""

from collections.abc import Callable

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
        self._epoch, self._serial = epoch.hex(), 0

    @property
    def position(self) -> Position:
        """Where the list has got to, once it was taken up."""
        return Position(self._epoch, self._serial)

    def take_up(self, read_live: Callable[[], Allowlist] | None, live_serial: int) -> tuple[Allowlist, list[Fault]]:
        """Return the list as ``load`` does, and go on with its serial.

        Where the disk has nothing, the kernel's list is the last good one: ``read_live`` gives it, if there is one,
        and it has ``live_serial``. After damage the next serial is one that neither disk nor kernel ever had.

        Raises:
            Refused: the disk cannot be read or written.
        """
        allowlist, self._serial, faults = self.load()
        last = self.last_serial()
        if self._serial == 0 and read_live is not None:
            allowlist = read_live()
        if self._serial == 0 or self._serial < last:
            self._serial = max(last, live_serial) + 1
            self.keep_snapshot(self._serial, allowlist)
        return allowlist, faults

    def record(self, change: Change, position: Position) -> None:
        """Keep a change, under the serial of ``position``, which is the next.

        Raises:
            Refused: the disk does not take it; nothing has changed.
        """
        self.keep(change, position.serial)
        self._serial = position.serial

    def revert(self, change: Change, before: Position) -> None:
        """Keep the list as it was, under a serial of its own: one never goes back.

        Raises:
            Refused: the disk does not take it; the change stays recorded.
        """
        self.keep_snapshot(self._serial + 1, change.held)
        self._serial += 1
