"""Whether what was tightened cuts registered traffic: by what passed before it, and what passes since.

A change that cuts moves packets from the registered to the unregistered, at once, while everything else goes on.
Nothing else does: in a quiet night both become fewer, slowly; on a link that is down there are none of either, nor
ordinary ones; a flood brings unregistered ones and takes no registered; a daily peak brings more of all.
"""

from collections import deque
from dataclasses import dataclass, replace

RECENT = 3.0  # s just before a change
BASELINE = 30.0  # s before a change, whose rates those after it are compared with
WATCHED = 120.0  # s after a change for which it is watched
SETTLED = 1.0  # s after a change before it is judged
WINDOW = 2.0  # s that are judged
LEAST = 10.0  # registered packets a second, below which their number says nothing
LOST = 0.8  # of the registered packets: fewer missing is no breach
MOVED = 0.5, 2.0  # of those missing, as many more among the unregistered: neither chance nor a flood
STILL = 0.3  # of the ordinary packets before: fewer mean that the link or its traffic is gone


@dataclass(frozen=True, slots=True)
class Passed:
    """What had passed at a time, since the program was loaded.

    Attributes:
        at: seconds of a clock that nobody steps.
        registered: packets of which an end is on the list.
        unregistered: packets of VPN protocols of which none is, whatever became of them.
        refused: of these, those that were dropped.
        ordinary: packets of no VPN protocol.
    """

    at: float
    registered: int
    unregistered: int
    refused: int
    ordinary: int


@dataclass(frozen=True, slots=True)
class Rates:
    """Packets a second between two times."""

    registered: float
    unregistered: float
    refused: float
    ordinary: float

    @classmethod
    def between(cls, one: Passed, other: Passed) -> "Rates":
        """Return the rates between two times, the later last; counters that began anew count as nothing."""
        seconds = max(other.at - one.at, 1e-9)
        names = ("registered", "unregistered", "refused", "ordinary")
        return cls(*(max(0, getattr(other, name) - getattr(one, name)) / seconds for name in names))


class Watch:
    """Looks at what passes, and holds what passes after a change against what passed before it."""

    def __init__(self) -> None:
        self._passed: deque[Passed] = deque()
        self._before: Rates | None = None
        self._since: float | None = None

    @property
    def since(self) -> float | None:
        """When the last change that is watched was made; none: none is."""
        return self._since

    @property
    def is_armed(self) -> bool:
        """Whether a change is watched."""
        return self._since is not None

    def arm(self, at: float) -> None:
        """Watch what was tightened at a time; a change that is watched already goes on being so, with its baseline."""
        if self._since is not None and self._before is not None:
            self._since = at
            return
        earlier = [passed for passed in self._passed if at - BASELINE <= passed.at <= at]
        recent = [passed for passed in earlier if at - RECENT <= passed.at]
        if len(recent) >= 2:
            before, just = Rates.between(earlier[0], earlier[-1]), Rates.between(recent[0], recent[-1])
            # Who was gone before the change is not missed because of it.
            self._before = replace(before, registered=min(before.registered, just.registered))
            self._since = at

    def disarm(self) -> None:
        """Watch no change any more."""
        self._before = self._since = None

    def note(self, passed: Passed) -> str | None:
        """Take in what has passed; return in words what is wrong since the change that is watched, if anything is."""
        self._passed.append(passed)
        while passed.at - self._passed[0].at > BASELINE + WATCHED:
            self._passed.popleft()
        if self._since is None or self._before is None or passed.at - self._since < SETTLED + WINDOW:
            return None
        if passed.at - self._since > WATCHED:
            self.disarm()
            return None
        first = next(each for each in self._passed if passed.at - each.at <= WINDOW)
        return _breach(self._before, Rates.between(first, passed))


def _breach(before: Rates, now: Rates) -> str | None:
    missing = before.registered - now.registered
    if before.registered < LEAST or missing < LOST * before.registered:
        return None
    least, most = (share * missing for share in MOVED)
    if now.ordinary < STILL * before.ordinary or not least <= now.unregistered - before.unregistered <= most:
        return None
    return (
        f"registered packets fell from {before.registered:.0f} to {now.registered:.0f} a second while unregistered "
        f"ones rose from {before.unregistered:.0f} to {now.unregistered:.0f}, of which {now.refused:.0f} are refused"
    )
