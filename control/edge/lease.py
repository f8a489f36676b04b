"""What an edge allows the kernel for a time only: dropping, and sampling. Nobody has to be there to turn it off."""

import time

from control.datapath.controls import Controls
from control.edge.turn import Turn


class Lease:
    """For how long the kernel may drop."""

    def __init__(self, controls: Controls, seconds: int) -> None:
        self._controls, self.seconds = controls, seconds

    @property
    def left(self) -> float:
        """Seconds for which dropping is still allowed."""
        return self._controls.lease_left()

    def renew(self) -> None:
        """Allow the kernel to drop, where the policies say so, for another lease; it waits for nobody's turn."""
        self._controls.renew_lease(self.seconds)


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
