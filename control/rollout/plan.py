"""A plan to enforce a policy in steps: shares of the flows, a time to soak after each, and a date where there is one.

Time counts only while somebody looks: what no agent has seen pass has not soaked. A wall clock that is stepped starts
nothing: a date has come when the clock says so and as much time has passed as was to pass.
"""

from dataclasses import dataclass, replace
from enum import StrEnum


class Stage(StrEnum):
    """Where a plan is."""

    SCHEDULED = "scheduled"
    RUNNING = "running"
    PAUSED = "paused"
    DONE = "done"
    UNDONE = "undone"
    STOPPED = "stopped"


OPEN = (Stage.SCHEDULED, Stage.RUNNING, Stage.PAUSED)
"""Stages of a plan that may still do something."""


@dataclass(frozen=True, slots=True)
class RolloutPlan:
    """How one protocol comes to be enforced.

    Attributes:
        protocol: which.
        shares: per cent of the flows, rising; the last is where it ends.
        soak: seconds at each share before the next.
        before: mode and share of the policy before the first step.
        stage: where it is.
        step: which of the shares is in force; -1 before the first.
        soaked: seconds that this one has been, with an agent that looked.
        date: when it is to start, in seconds since 1970; none: at once.
        wait: seconds that have to pass until then, by a clock that nobody steps.
        why: why it is paused or stopped, in words.
    """

    protocol: str
    shares: tuple[int, ...]
    soak: float
    before: tuple[str, int]
    stage: Stage = Stage.RUNNING
    step: int = -1
    soaked: float = 0.0
    date: float | None = None
    wait: float = 0.0
    why: str = ""

    @property
    def share(self) -> int:
        """Of how many flows, in percent, it has the protocol enforced now."""
        return self.shares[self.step] if self.step >= 0 else 0

    @property
    def next_share(self) -> int | None:
        """Of how many it will next; none after the last."""
        return self.shares[self.step + 1] if self.step + 1 < len(self.shares) else None

    @property
    def is_open(self) -> bool:
        """Whether it may still do something."""
        return self.stage in OPEN

    def passed(self, seconds: float, now: float) -> "RolloutPlan":
        """Return it after so many seconds in which an agent looked; ``now`` is the wall clock's time."""
        if self.stage is Stage.SCHEDULED:
            wait = max(0.0, self.wait - seconds)
            has_come = wait <= 0 and (self.date is None or now >= self.date)
            return replace(self, wait=wait, stage=Stage.RUNNING if has_come else self.stage)
        return replace(self, soaked=self.soaked + seconds) if self.stage is Stage.RUNNING else self

    @property
    def is_due(self) -> bool:
        """Whether the next step may be taken, as far as time goes."""
        return self.stage is Stage.RUNNING and (self.step < 0 or self.soaked >= self.soak)

    def advanced(self) -> "RolloutPlan":
        """Return it one step further."""
        step = self.step + 1
        stage = Stage.DONE if step == len(self.shares) - 1 else Stage.RUNNING
        return replace(self, step=step, soaked=0.0, stage=stage)

    def paused(self, why: str) -> "RolloutPlan":
        """Return it where it is, waiting for somebody."""
        return replace(self, stage=Stage.PAUSED, why=why)

    def resumed(self) -> "RolloutPlan":
        """Return it going on; the step that it is at soaks anew."""
        stage = Stage.SCHEDULED if self.step < 0 and self.date is not None else Stage.RUNNING
        return replace(self, stage=stage, soaked=0.0, why="")

    def stopped(self, why: str, stage: Stage = Stage.STOPPED) -> "RolloutPlan":
        """Return it as one that does nothing any more."""
        return replace(self, stage=stage, why=why)

    def moved(self, date: float, now: float) -> "RolloutPlan":
        """Return it with another date, before it has started."""
        return replace(self, date=date, wait=max(0.0, date - now), stage=Stage.SCHEDULED)
