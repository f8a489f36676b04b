"""What an edge allows the kernel for a time only: dropping, and sampling. Nobody has to be there to turn it off."""

import time

from control.datapath.controls import Controls
from control.edge.turn import Turn
from control.host import clock

RENEWALS = 20  # times in a lease: a missed one or two do no harm
SETTLED = 1.0  # s that an agent works before it renews, where the one before it worked
PROBATION = 30.0  # s where it did not, or half of the lease where that is shorter: who dies in a loop never gets there


class Lease:
    """For how long the kernel may drop. It is earned by working, and not by starting."""

    def __init__(self, controls: Controls, seconds: int) -> None:
        self._controls, self.seconds = controls, seconds
        self._works_since: float | None = None
        self._until: float | None = None

    @property
    def left(self) -> float:
        """Seconds for which dropping is still allowed."""
        return self._controls.lease_left()

    @property
    def earned_after(self) -> float:
        """After how many seconds of work this agent renews: longer where agents before it did not work for long."""
        return SETTLED if self._controls.starts <= 1 else self._probation

    def take_up(self, turn: Turn, before: Controls) -> None:
        """Go on with the lease that a program has from which another takes over, and with what its agents earned."""
        turn.demand()
        self._controls.renew_lease(before.lease_left())
        self._controls.starts = before.starts

    def begin(self, turn: Turn) -> None:
        """Note in the kernel that an agent has started, which has yet to show that it works."""
        turn.demand()
        self._controls.starts += 1
        if self.left > self.seconds:  # of an earlier configuration; shorter needs no earning
            self.renew()

    def work(self) -> None:
        """Say that everything does what it should now; asked from the agent's loop, it waits for nobody's turn."""
        now = time.monotonic()
        if self._works_since is None:
            self._works_since = now
        worked = now - self._works_since
        if worked >= self.earned_after and self.left < self._most * (1 - 1 / RENEWALS):
            self.renew()
        if worked >= self._probation:
            self._controls.starts = 0

    def rest(self) -> None:
        """Say that something does not do what it should."""
        self._works_since = None

    def end(self) -> None:
        """Note in the kernel that the agent ended because it was told to."""
        self._controls.starts = 0

    def renew(self) -> None:
        """Allow the kernel to drop, where the policies say so, for another lease, or as long as it may."""
        self._controls.renew_lease(self._most)

    def shorten(self, until: float | None) -> None:
        """Allow dropping until a time at most, by the host's monotonic clock; none: a whole lease again."""
        self._until = until
        if self.left > self._most:
            self.renew()

    @property
    def _most(self) -> float:
        return self.seconds if self._until is None else max(0.0, min(self.seconds, self._until - clock.now()))

    @property
    def _probation(self) -> float:
        return min(PROBATION, self.seconds / 2)


class Sampling:
    """Which packets are sampled, and until when."""

    def __init__(self, controls: Controls) -> None:
        self._controls = controls
        self._until: float | None = None

    def start(self, turn: Turn, rate: int, responders: bool, seconds: float) -> None:
        """Sample one in ``rate`` packets that look like VPN for so long; 0 ends it."""
        turn.demand()
        self._controls.set_sampling(rate, responders)
        self._until = time.monotonic() + seconds if rate else None

    def stop(self, turn: Turn) -> None:
        """Sample nothing any more."""
        self.start(turn, 0, False, 0)

    def expire(self, turn: Turn) -> None:
        """Stop when the time is over."""
        if self._until is not None and time.monotonic() > self._until:
            self.stop(turn)
