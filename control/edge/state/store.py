"""What an edge has on its own disk: the local list, the feed's list as last followed, policies and interfaces.

A file that is no database any more is set aside: whoever opens it then finds an empty list, serial 0, and asks the
kernel.
"""

import contextlib
from collections.abc import Mapping
from pathlib import Path

from control.edge.state.disk import Disk
from control.edge.state.followed import SCHEMA as FOLLOWED
from control.edge.state.followed import FollowedList
from control.edge.state.history import History, tables
from control.edge.state.local import PREFIX, LocalList
from control.fault import Refused
from control.rollout.union import Source

SCHEMA = f"""
CREATE TABLE IF NOT EXISTS identity (epoch BLOB NOT NULL, policy_version INTEGER NOT NULL);
{tables(PREFIX)}
CREATE TABLE IF NOT EXISTS policy (protocol TEXT PRIMARY KEY, mode TEXT NOT NULL, share INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS interface (name TEXT PRIMARY KEY, mode TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS loaded (program INTEGER PRIMARY KEY, boot TEXT NOT NULL);
{FOLLOWED}
"""


class Store:
    """The database of one edge. Every method is one transaction; safe for one thread at a time.

    Attributes:
        path: of its file.
        epoch: 16 random bytes, made with the database.
        local: the list that this edge was given.
        followed: the feed's list, beside it.
        faults: what was set aside as damaged when it was opened.
    """

    def __init__(self, path: Path) -> None:
        """Open the database, make it where there is none, and start anew where it is damaged.

        Raises:
            Refused: it cannot be opened or written.
        """
        self.path, self._disk = path, Disk(path, SCHEMA)
        self.faults = self._disk.faults
        self.epoch: bytes = self._disk.rows("SELECT epoch FROM identity")[0][0]
        self.local, self.followed = LocalList(self._disk, self.epoch), FollowedList(self._disk)

    def history(self, source: Source) -> History:
        """Return what is kept of one of the two lists."""
        return self.local if source is Source.LOCAL else self.followed

    def adopt_epoch(self, epoch: bytes) -> None:
        """Go on under another epoch: the kernel's, where the disk was lost, whether the disk takes it or not.

        Raises:
            Refused: the disk cannot be read.
        """
        if epoch == self.epoch:
            return
        self.epoch = epoch
        self.local.adopt(epoch)
        with contextlib.suppress(Refused), self._disk.transaction():
            self._disk.write("UPDATE identity SET epoch = ?", epoch)

    def policies(self) -> tuple[dict[str, tuple[str, int]], int]:
        """Return the policies that were set, as protocol → (mode, share), and their version."""
        rows = self._disk.rows("SELECT protocol, mode, share FROM policy")
        version = self._disk.rows("SELECT policy_version FROM identity")[0][0]
        return {protocol: (mode, share) for protocol, mode, share in rows}, version

    def keep_policies(self, policies: Mapping[str, tuple[str, int]], version: int) -> None:
        """Keep policies, as of a version.

        Raises:
            Refused: the disk does not take it; nothing has changed.
        """
        with self._disk.transaction():
            rows = [(protocol, *policy) for protocol, policy in policies.items()]
            self._disk.write_many("INSERT OR REPLACE INTO policy VALUES (?, ?, ?)", rows)
            self._disk.write("UPDATE identity SET policy_version = ?", version)

    def interfaces(self) -> dict[str, str]:
        """Return the interfaces to be guarded, as name → mode."""
        return dict(self._disk.rows("SELECT name, mode FROM interface"))

    def keep_interfaces(self, interfaces: Mapping[str, str]) -> None:
        """Keep which interfaces are to be guarded.

        Raises:
            Refused: the disk does not take it; nothing has changed.
        """
        with self._disk.transaction():
            self._disk.write("DELETE FROM interface")
            self._disk.write_many("INSERT INTO interface VALUES (?, ?)", interfaces.items())

    def programs(self, boot: str) -> set[int]:
        """Return the ids of the programs that this edge has loaded since the machine started, by the boot's id."""
        return {number for (number,) in self._disk.rows("SELECT program FROM loaded WHERE boot = ?", boot)}

    def keep_program(self, number: int, boot: str) -> None:
        """Keep that a program is this edge's; nothing is written where that is kept already.

        Raises:
            Refused: the disk does not take it; nothing has changed.
        """
        if number not in self.programs(boot):
            with self._disk.transaction():
                self._disk.write("DELETE FROM loaded WHERE boot != ?", boot)
                self._disk.write("INSERT OR REPLACE INTO loaded VALUES (?, ?)", number, boot)

    def close(self) -> None:
        """Close the database."""
        self._disk.close()
