"""What an edge has on its own disk: the local list, the feed's list as last followed, policies and interfaces.

A serial of the local list is given at commit and never goes back or comes twice; the epoch, 128 random bits, says to
which line of serials it belongs. A file that is no database any more is set aside: whoever opens it then finds an
empty list, serial 0, and asks the kernel.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from control.allowlist.allowlist import Allowlist
from control.edge.state.disk import Disk
from control.edge.state.followed import SCHEMA as FOLLOWED
from control.edge.state.followed import FollowedList
from control.edge.state.history import History, tables
from control.fault import Fault

SCHEMA = f"""
CREATE TABLE IF NOT EXISTS identity (epoch BLOB NOT NULL, policy_version INTEGER NOT NULL);
{tables("")}
CREATE TABLE IF NOT EXISTS policy (protocol TEXT PRIMARY KEY, mode TEXT NOT NULL, share INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS interface (name TEXT PRIMARY KEY, mode TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS loaded (program INTEGER PRIMARY KEY, boot TEXT NOT NULL);
{FOLLOWED}
"""


@dataclass(frozen=True, slots=True)
class Version:
    """One state of the local list.

    Attributes:
        epoch: 16 random bytes, made with the database.
        serial: above 0, one more with every change.
    """

    epoch: bytes
    serial: int

    @property
    def etag(self) -> str:
        """The version as a strong entity tag (RFC 9110, section 8.8.3)."""
        return f'"{self.epoch.hex()}:{self.serial}"'


class LocalList(History):
    """The database of one edge. Every method is one transaction; safe for one thread at a time.

    Attributes:
        path: of its file.
        epoch: 16 random bytes, made with the database.
        followed: the feed's list, beside the local one.
    """

    def __init__(self, path: Path) -> None:
        """Open the database, make it where there is none, and start anew where it is damaged.

        Raises:
            Refused: it cannot be opened or written.
        """
        self.path = path
        super().__init__(Disk(path, SCHEMA), "", "push the list anew, and check the disk")
        self.epoch: bytes = self._disk.rows("SELECT epoch FROM identity")[0][0]
        self.followed = FollowedList(self._disk)

    def load(self) -> tuple[Allowlist, int, list[Fault]]:
        """Return the local list as ``History.load`` does; a damaged file is among the faults.

        Raises:
            Refused: the disk cannot be read.
        """
        allowlist, serial, faults = super().load()
        return allowlist, serial, self._disk.faults + faults

    def policies(self) -> tuple[dict[str, tuple[str, int]], int]:
        """Return the policies that were set, as protocol → (mode, share), and their version."""
        rows = self._disk.rows("SELECT protocol, mode, share FROM policy")
        version = self._disk.rows("SELECT policy_version FROM identity")[0][0]
        return {protocol: (mode, share) for protocol, mode, share in rows}, version

    def keep_policies(self, policies: Mapping[str, tuple[str, int]]) -> int:
        """Keep policies and return the new version.

        Raises:
            Refused: the disk does not take it; nothing has changed.
        """
        with self._disk.transaction():
            rows = [(protocol, *policy) for protocol, policy in policies.items()]
            self._disk.write_many("INSERT OR REPLACE INTO policy VALUES (?, ?, ?)", rows)
            self._disk.write("UPDATE identity SET policy_version = policy_version + 1")
        return self.policies()[1]

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
