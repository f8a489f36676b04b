"""Break-glass: entries of the local list that have an end. It is announced, and held while they are in use.

Time counts only while an agent looks: no step of a wall clock ends anything early.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from ipaddress import ip_network

import structlog

from control.allowlist.allowlist import Allowlist
from control.allowlist.entry import Entry
from control.allowlist.naming import first
from control.commands.list import EndState
from control.edge.careful.beat import Beat
from control.edge.guard import Guard
from control.edge.list import EdgeList
from control.edge.state.waiting import Waiting
from control.edge.turn import Turn
from control.edge.usage import Usage
from control.fault import Refused
from control.host import clock
from control.rollout.change import NONE, Change
from control.rollout.judgement import Judgement
from control.rollout.origin import Door, Origin

log = structlog.get_logger()

KIND = "end"
KEPT_EVERY = 60.0  # s


@dataclass(frozen=True, slots=True)
class _End:
    """The end of an entry.

    Attributes:
        left: seconds until then.
        origin: who gave it, and why.
    """

    left: float
    origin: Origin


class Ends:
    """Which entries end, and when."""

    def __init__(self, local: EdgeList, guard: Guard, usage: Usage, waiting: Waiting) -> None:
        self._local, self._guard, self._usage, self._waiting = local, guard, usage, waiting
        self._ends: dict[str, _End] = {}
        self._beat, self._kept_at = Beat(), clock.now()
        self.not_kept: str | None = None

    @property
    def states(self) -> list[EndState]:
        """What ends, the first first."""
        ends = sorted(self._ends.items(), key=lambda item: item[1].left)
        return [
            EndState(prefix=prefix, left_s=round(end.left, 1), who=end.origin.who, reason=end.origin.why)
            for prefix, end in ends
        ]

    def take_up(self, turn: Turn) -> None:
        """Go on with the ends that an agent before this one knew."""
        turn.demand()
        for prefix, said in self._waiting.load(KIND).items():
            self._ends[prefix] = _End(float(said["left"]), Origin(Door(said["door"]), said["who"], said["why"]))
        self._beat.begin()

    def note(self, turn: Turn, entries: Allowlist, seconds: float | None, origin: Origin) -> None:
        """Have entries end after so many seconds; none: never, whatever was said before."""
        turn.demand()
        if seconds is None and not self._ends:
            return
        prefixes = first(entries, len(entries))
        if seconds is not None:
            self._ends |= dict.fromkeys(prefixes, _End(seconds, replace(origin, until=None)))
        elif not self._forget(prefixes):
            return
        self._keep()

    def look(self, turn: Turn) -> None:
        """Count the time, and end what is due: what is in use is held, and the rest goes."""
        turn.demand()
        seconds = self._beat.passed()
        if not self._ends:
            return
        self._ends = {prefix: replace(end, left=end.left - seconds) for prefix, end in self._ends.items()}
        due = {prefix: end for prefix, end in self._ends.items() if end.left <= 0}
        for prefix, end in due.items():
            self._end(turn, prefix, end)
        self._forget(due)
        if due or clock.now() - self._kept_at > KEPT_EVERY:
            self._keep()

    def _end(self, turn: Turn, prefix: str, end: _End) -> None:
        origin = replace(end.origin, why=f"its end has come: {end.origin.why}"[:200])
        gone = Allowlist.from_entries([Entry(ip_network(prefix))])
        change = Change.of(self._local.state.union.local, NONE, gone, origin)
        if not change:
            return
        in_use = self._usage.in_use(turn, change.removed)
        if len(in_use):
            why = (f"{prefix} has come to its end, and is in use",)
            self._guard.hold(turn, change, Judgement(change.removed, in_use, why))
        else:
            self._local.change(turn, NONE, gone, origin)
        log.warning("end", prefix=prefix, in_use=bool(len(in_use)), **origin.logged)

    def _forget(self, prefixes: Iterable[str]) -> bool:
        known = [prefix for prefix in prefixes if prefix in self._ends]
        for prefix in known:
            del self._ends[prefix]
        return bool(known)

    def _keep(self) -> None:
        self._kept_at = clock.now()
        said = {
            prefix: {"left": end.left, "door": end.origin.door.value, "who": end.origin.who, "why": end.origin.why}
            for prefix, end in self._ends.items()
        }
        try:
            self._waiting.keep(KIND, said)
        except Refused as refused:
            self.not_kept = str(refused.faults[0])
        else:
            self.not_kept = None
