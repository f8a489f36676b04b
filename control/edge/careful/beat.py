"""The time in which an agent looks: what waits at an edge goes by that, so that no wall clock hastens anything."""

from control.host import clock

LONGEST = 5.0
"""Seconds: of a longer time between two looks no more than this counts."""


class Beat:
    """Counts that time from one look to the next."""

    def __init__(self) -> None:
        self._looked_at = clock.now()

    def begin(self) -> None:
        """Count from now on."""
        self._looked_at = clock.now()

    def passed(self) -> float:
        """Return how many seconds count since the last look, and count on."""
        now = clock.now()
        seconds, self._looked_at = min(now - self._looked_at, LONGEST), now
        return seconds
