"""How far behind its feed an edge may be."""

import time
from dataclasses import dataclass, field

from control.commands.status import ContactState


@dataclass
class FeedContact:
    """What is known of the feed; one thread writes it, others read.

    Attributes:
        feed: where the list is followed from, without a password.
        name: under which the feed knows this edge.
        trouble: why the last attempt failed; none when it did not.
        unacknowledged: serials that are live here, of which the feed could not be told.
        doubt: what is odd about the heads of its audit; none: nothing is.
    """

    feed: str
    name: str
    trouble: str | None = None
    unacknowledged: int = 0
    doubt: str | None = None
    _complete_at: float = field(default_factory=time.time)
    _monotonic: float = field(default_factory=time.monotonic)

    def resume(self, complete_at: float) -> None:
        """Take up when an earlier agent had everything (seconds since 1970)."""
        self._complete_at = complete_at
        self._monotonic = time.monotonic() - max(0.0, time.time() - complete_at)

    def complete(self) -> None:
        """Say that everything the feed has is live now."""
        self._complete_at, self._monotonic, self.trouble = time.time(), time.monotonic(), None

    @property
    def complete_at(self) -> float:
        """When everything the feed had was last live here, in seconds since 1970; before that, the agent's start."""
        return self._complete_at

    @property
    def lag(self) -> float:
        """For how many seconds the feed may have had something that is not live here; no clock's step changes it."""
        return time.monotonic() - self._monotonic

    def state(self) -> ContactState:
        """Return it for the status."""
        return ContactState(
            feed=self.feed,
            name=self.name,
            trouble=self.trouble,
            unacknowledged=self.unacknowledged,
            doubt=self.doubt,
            lag_s=round(self.lag, 3),
            complete_at=round(self.complete_at, 3),
        )
