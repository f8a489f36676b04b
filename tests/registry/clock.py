"""A clock that a test sets."""

from datetime import UTC, datetime, timedelta


class Clock:
    """It stands still until time passes, or until somebody sets ``now``: the machine's own clock does not notice."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 24, 12, tzinfo=UTC)
        self.boot, self.seconds = "first boot", 1000.0

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, **duration: float) -> None:
        """Let time pass: days=30, say."""
        self.now += timedelta(**duration)
        self.seconds += timedelta(**duration).total_seconds()

    def uptime(self) -> tuple[str, float]:
        """Return the boot, and seconds in it."""
        return self.boot, self.seconds
