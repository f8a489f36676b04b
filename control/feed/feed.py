"""Where the live list comes from: the list that this edge was given, and a feed that it may follow.

A feed is anything that has a list by serials. The agent knows no more of it than ``Feed`` says.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from control.allowlist.allowlist import Allowlist
from control.allowlist.digest import Digest
from control.allowlist.entry import Prefix
from control.fault import Fault, Kind, Refused
from control.rollout.position import Position

MOST_HEADS = 1000
"""Heads of its audit that a feed gives at once."""

RESET: Literal["reset"] = "reset"
"""There are no deltas since that position: start anew from a snapshot."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The whole list of a feed at one serial.

    Attributes:
        position: of it.
        count: entries that it should have.
        digest: that it should have (control/allowlist/digest.py); none: the feed does not know.
        sha256: of the packed list, as it was sent.
        entries: the list.
        goes_on: whether the line of serials that was asked about is this feed's, too.
    """

    position: Position
    count: int
    digest: str | None
    sha256: str
    entries: Allowlist
    goes_on: bool

    def demand_intact(self) -> None:
        """Hold the list against the SHA-256 that it was sent with.

        Raises:
            Refused: "bad-list": it was damaged on its way.
        """
        _demand_sha256(self.position, self.sha256, self.entries.pack())


@dataclass(frozen=True, slots=True)
class Delta:
    """What one serial did; a prefix in both has other terms now.

    Attributes:
        position: after it.
        count: entries of the whole list after it.
        digest: of the whole list after it (control/allowlist/digest.py); none: the feed does not know.
        sha256: of the packed additions with the packed removals behind them.
    """

    position: Position
    count: int
    digest: str | None
    sha256: str
    added: Allowlist
    removed: Allowlist

    def demand_intact(self) -> None:
        """Hold the delta against the SHA-256 that it was sent with.

        Raises:
            Refused: "bad-list": it was damaged on its way.
        """
        _demand_sha256(self.position, self.sha256, self.added.pack() + self.removed.pack())


@dataclass(frozen=True, slots=True)
class UseReport:
    """Which of a feed's entries are in use at an edge, and how many of them it has.

    Attributes:
        watched: for how many seconds the edge has looked at traffic; less than before once it has forgotten.
        since: what it had watched at the report that this one goes on from; none: this one says everything.
        used: entries that had traffic since then.
        ages: of each, how many seconds ago it last had.
        entries: how many of the feed's are live here.
        held: of these, how many the feed has no more, or narrower; none: not known yet.
        at: what the edge's clock says, in seconds since 1970.
    """

    watched: float
    since: float | None
    used: Allowlist
    ages: NDArray[np.float64]
    entries: int
    held: int | None
    at: float


class Feed(Protocol):
    """A list by serials that an edge can follow. Everything may take seconds; one thread uses it."""

    def snapshot(self, since: Position, digest: Digest) -> Snapshot:
        """Return the whole list as it is, and whether it goes on from a list of that position and digest.

        Raises:
            Refused: the feed cannot be reached or read.
        """

    def deltas(self, since: Position, digest: Digest) -> Sequence[Delta] | Literal["reset"]:
        """Return what came after a list of that position and digest, oldest first, maybe none; or RESET.

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

    def report(self, report: "UseReport") -> bool:
        """Tell the feed which of its entries are in use here; return whether it knows the report that it goes on from.

        Where it does not, nothing was told: say everything. That may take seconds for a million entries.

        Raises:
            Refused: the feed cannot be reached or written.
        """

    def heads(self, since: int) -> Sequence[str]:
        """Return signed heads of the feed's audit from a number on, as lines of JSON, MOST_HEADS at most.

        Raises:
            Refused: the feed cannot be reached or read.
        """

    def registration(self, prefix: Prefix) -> str | None:
        """Return by which registration exactly this prefix is on the list now; none: it is not.

        Raises:
            Refused: the feed cannot be reached or read, or does not tell this edge.
        """

    def close(self) -> None:
        """Let go of the feed."""


def demand_whole(said: Snapshot | Delta, count: int, digest: Digest) -> None:
    """Hold count and digest of a whole list against what the feed says of it.

    Raises:
        Refused: "bad-list": it is another: something is missing, or too much.
    """
    if count != said.count:
        raise _not_whole(said.position, f"{count} entries, and it says {said.count}")
    if said.digest is not None and str(digest) != said.digest:
        raise _not_whole(said.position, f"the whole list's digest is {digest}, and it says {said.digest}")


def _demand_sha256(position: Position, sha256: str, packed: bytes) -> None:
    digest = hashlib.sha256(packed).hexdigest()
    if digest != sha256:
        raise _not_whole(position, f"its SHA-256 is {digest}, and it says {sha256}")


def _not_whole(position: Position, why: str) -> Refused:
    mend = "check the feed's database; what is live stays, and nothing is removed before that"
    fault = Fault(f"feed, serial {position.serial}", why, mend)
    return Refused(Kind.BAD_LIST, "What the feed gave is not whole", [fault])
