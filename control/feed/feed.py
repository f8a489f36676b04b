"""Where the live list comes from: the list that this edge was given, and a feed that it may follow.

A feed is anything that has a list by serials. The agent knows no more of it than ``Feed`` says.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from control.allowlist.allowlist import Allowlist
from control.fault import Fault, Kind, Refused
from control.rollout.position import Position

RESET: Literal["reset"] = "reset"
"""There are no deltas since that serial: start anew from a snapshot."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The whole list of a feed at one serial, with the count and the SHA-256 of the packed list that it came with."""

    position: Position
    count: int
    sha256: str
    entries: Allowlist

    def demand_whole(self) -> None:
        """Hold the list against what it came with.

        Raises:
            Refused: "bad-list": it is not what the feed says it is.
        """
        demand_count(self.position, self.count, self.entries)
        _demand_digest(self.position, self.sha256, self.entries.pack())


@dataclass(frozen=True, slots=True)
class Delta:
    """What one serial did; a prefix in both has other terms now.

    Attributes:
        position: after it.
        count: entries of the whole list after it.
        sha256: of the packed additions with the packed removals behind them.
    """

    position: Position
    count: int
    sha256: str
    added: Allowlist
    removed: Allowlist

    def demand_whole(self) -> None:
        """Hold the delta against its digest.

        Raises:
            Refused: "bad-list": it is not what the feed says it is.
        """
        _demand_digest(self.position, self.sha256, self.added.pack() + self.removed.pack())


class Feed(Protocol):
    """A list by serials that an edge can follow. Everything may take seconds; one thread uses it."""

    def snapshot(self) -> Snapshot:
        """Return the whole list as it is.

        Raises:
            Refused: the feed cannot be reached or read.
        """

    def deltas(self, since: Position) -> Sequence[Delta] | Literal["reset"]:
        """Return what came after a position, oldest first, none when there is nothing new; or RESET.

        Raises:
            Refused: the feed cannot be reached or read.
        """

    def wait(self, seconds: float) -> bool:
        """Return whether there may be something new, as soon as there may, after so many seconds at most.

        Nothing that came after the last ``wait`` began to look is missed, if ``deltas`` is asked after it.

        Raises:
            Refused: the feed cannot be reached.
        """

    def acknowledge(self, epoch: str, applied: Sequence[tuple[int, float]]) -> None:
        """Tell the feed from when on (seconds since 1970) this edge had serials of an epoch in its kernel.

        Raises:
            Refused: the feed cannot be reached or written.
        """

    def close(self) -> None:
        """Let go of the feed."""


def demand_count(position: Position, count: int, entries: Allowlist) -> None:
    """Hold a list against the count that it should have.

    Raises:
        Refused: "bad-list": it has another.
    """
    if len(entries) != count:
        raise _not_whole(position, f"{len(entries)} entries, and it says {count}")


def _demand_digest(position: Position, sha256: str, packed: bytes) -> None:
    digest = hashlib.sha256(packed).hexdigest()
    if digest != sha256:
        raise _not_whole(position, f"its SHA-256 is {digest}, and it says {sha256}")


def _not_whole(position: Position, why: str) -> Refused:
    fault = Fault(f"feed, serial {position.serial}", why, "check the feed's database; the last good list stays live")
    return Refused(Kind.BAD_LIST, "What the feed gave is not whole", [fault])
