"""What an edge has on its own disk: both lists, policies and interfaces, and when entries last had traffic.

A file that is no database any more is set aside: whoever opens it then finds an empty list, serial 0, and asks the
kernel. What is in it and not what was sealed is said, and not used.
"""

import contextlib
import os
from collections.abc import Mapping
from pathlib import Path

from control.edge.state import seal
from control.edge.state.disk import DamagedError, Disk
from control.edge.state.followed import SCHEMA as FOLLOWED
from control.edge.state.followed import FollowedList
from control.edge.state.heads import SCHEMA as HEADS
from control.edge.state.heads import SeenHeads
from control.edge.state.history import History, tables
from control.edge.state.holdings import SCHEMA as HOLDINGS
from control.edge.state.holdings import Holdings
from control.edge.state.local import PREFIX, LocalList
from control.edge.state.marks import SCHEMA as MARKS
from control.edge.state.marks import KeptMarks
from control.edge.state.revisions import SCHEMA as REVISIONS
from control.edge.state.revisions import Revisions
from control.edge.state.seal import Seal
from control.edge.state.tightened import SCHEMA as TIGHTENED
from control.edge.state.tightened import TightenedPolicies
from control.edge.state.traffic import SCHEMA as TRAFFIC
from control.edge.state.traffic import TrafficHistory
from control.edge.state.waiting import SCHEMA as WAITING
from control.edge.state.waiting import Waiting
from control.fault import Fault, Refused
from control.rollout.union import Source
from control.vocabulary import ATTACH_MODES, MODES

SCHEMA = f"""
CREATE TABLE IF NOT EXISTS identity (epoch BLOB NOT NULL, policy_version INTEGER NOT NULL);
{tables(PREFIX)}
CREATE TABLE IF NOT EXISTS policy (protocol TEXT PRIMARY KEY, mode TEXT NOT NULL, share INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS interface (name TEXT PRIMARY KEY, mode TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS loaded (program INTEGER PRIMARY KEY, boot TEXT NOT NULL);
{FOLLOWED}
{MARKS}
{REVISIONS}
{HOLDINGS}
{TIGHTENED}
{WAITING}
{TRAFFIC}
{HEADS}
{seal.SCHEMA}
"""
MEND = "see that policies and interfaces are what you expect, and check the disk"


class Store:
    """The database of one edge. Every method is one transaction; safe for one thread at a time.

    Attributes:
        path: of its file.
        epoch: 16 random bytes, made with the database.
        is_epoch_lost: the epoch was damaged, and is a new one.
        local: the list that this edge was given.
        followed: the feed's list, beside it.
        marks: when entries last had traffic.
        revisions: what was changed, and how to go back.
        holdings: what is held of the local list.
        traffic: what was counted, minute by minute.
        waiting: plans, and changes that are to be confirmed.
        heads: of the registry's audit, as they were seen.
        tightened: which policies were tightened, and what they were.
        faults: what was set aside as damaged when it was opened.
    """

    def __init__(self, path: Path) -> None:
        """Open the database, make it where there is none, and start anew where it is damaged.

        Raises:
            Refused: it cannot be opened or written.
        """
        self.path, self._disk = path, Disk(path, SCHEMA)
        self.epoch, self.is_epoch_lost, self._policy_version, self._broken = b"", False, 0, set[str]()
        try:
            self._take_up()
        except (DamagedError, ValueError, TypeError, IndexError) as error:
            self._disk.start_anew(str(error) or type(error).__name__)
            self._take_up()
        self.faults = self._disk.faults

    def history(self, source: Source) -> History:
        """Return what is kept of one of the two lists."""
        return self.local if source is Source.LOCAL else self.followed

    def adopt_epoch(self, epoch: bytes) -> None:
        """Go on under another epoch: the kernel's, where the disk was lost, whether the disk takes it or not."""
        if epoch == self.epoch and not self.is_epoch_lost:
            return
        self.epoch, self.is_epoch_lost = epoch, False
        self.local.adopt(epoch)
        with contextlib.suppress(Refused), self._disk.transaction():
            self._disk.write("UPDATE identity SET epoch = ?", epoch)
            seal.put(self._disk, "identity")

    def policies(self) -> tuple[dict[str, tuple[str, int]], int]:
        """Return the policies that were set, as protocol → (mode, share), and their version; none where damaged."""
        if "policy" in self._broken:
            return {}, self._policy_version
        rows = self._disk.rows("SELECT protocol, mode, share FROM policy")
        return {protocol: (mode, share) for protocol, mode, share in rows}, self._policy_version

    def keep_policies(self, policies: Mapping[str, tuple[str, int]], version: int) -> None:
        """Keep policies, all that there are, as of a version.

        Raises:
            Refused: the disk does not take it; nothing has changed.
        """
        with self._disk.transaction():
            self._disk.write("DELETE FROM policy")
            rows = [(protocol, *policy) for protocol, policy in policies.items()]
            self._disk.write_many("INSERT INTO policy VALUES (?, ?, ?)", rows)
            self._disk.write("UPDATE identity SET epoch = ?, policy_version = ?", self.epoch, version)
            seal.put(self._disk, "policy")
            seal.put(self._disk, "identity")
        self._policy_version = version
        self._broken -= {"policy", "identity"}

    def interfaces(self) -> dict[str, str]:
        """Return the interfaces to be guarded, as name → mode; none where damaged."""
        if "interface" in self._broken:
            return {}
        return dict(self._disk.rows("SELECT name, mode FROM interface"))

    def keep_interfaces(self, interfaces: Mapping[str, str]) -> None:
        """Keep which interfaces are to be guarded.

        Raises:
            Refused: the disk does not take it; nothing has changed.
        """
        with self._disk.transaction():
            self._disk.write("DELETE FROM interface")
            self._disk.write_many("INSERT INTO interface VALUES (?, ?)", interfaces.items())
            seal.put(self._disk, "interface")
        self._broken.discard("interface")

    def programs(self, boot: str) -> set[int]:
        """Return the ids of the programs that this edge has loaded since the machine started, by the boot's id."""
        if "loaded" in self._broken:
            return set()
        return {number for (number,) in self._disk.rows("SELECT program FROM loaded WHERE boot = ?", boot)}

    def keep_program(self, number: int, boot: str) -> None:
        """Keep that a program is this edge's; nothing is written where that is kept already.

        Raises:
            Refused: the disk does not take it; nothing has changed.
        """
        if number not in self.programs(boot):
            with self._disk.transaction():
                if "loaded" in self._broken:
                    self._disk.write("DELETE FROM loaded")
                self._disk.write("DELETE FROM loaded WHERE boot != ?", boot)
                self._disk.write("INSERT OR REPLACE INTO loaded VALUES (?, ?)", number, boot)
                seal.put(self._disk, "loaded")
            self._broken.discard("loaded")

    def close(self) -> None:
        """Close the database."""
        self._disk.close()

    def _take_up(self) -> None:
        """Read what is there, and hold it against its seals.

        Raises:
            DamagedError, ValueError, TypeError, IndexError: it is not what can have been kept.
        """
        self._broken = {table for table in seal.SMALL if seal.state(self._disk, table) is Seal.BROKEN}
        self._broken.discard("followed_epoch")  # which the list says itself
        ((epoch, version),) = self._disk.rows("SELECT epoch, policy_version FROM identity")
        self.is_epoch_lost = "identity" in self._broken
        self.epoch = os.urandom(16) if self.is_epoch_lost else bytes(epoch)
        self._policy_version = 0 if self.is_epoch_lost else int(version)
        if len(self.epoch) != 16 or self._policy_version < 0:
            raise ValueError(f"it has an epoch of {len(self.epoch)} bytes and policies of version {version}")
        self.local, self.followed = LocalList(self._disk, self.epoch), FollowedList(self._disk)
        self.marks, self.revisions, self.holdings = KeptMarks(self._disk), Revisions(self._disk), Holdings(self._disk)
        self.tightened, self.waiting = TightenedPolicies(self._disk), Waiting(self._disk)
        self.traffic = TrafficHistory(self._disk)
        self.heads = SeenHeads(self._disk)
        self.local.check()
        self.followed.check()
        self._check_words()
        for table in sorted(self._broken):
            fault = Fault(f"{self.path.name}, {table}", "it is not what was sealed; it is not used", MEND)
            self._disk.faults.append(fault)

    def _check_words(self) -> None:
        """Hold that what was written by a version that knows no seals makes sense."""
        for protocol, (mode, share) in self.policies()[0].items():
            if mode not in MODES or not isinstance(share, int) or not 0 <= share <= 100:
                self._broken.add("policy")
                fault = Fault(f"{self.path.name}, policy", f"{protocol!r} is {mode!r} {share!r}: not used", MEND)
                self._disk.faults.append(fault)
        for name, mode in self.interfaces().items():
            if mode not in ATTACH_MODES or not isinstance(name, str):
                self._broken.add("interface")
