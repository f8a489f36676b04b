"""A clock that a test sets."""

from datetime import UTC, datetime, timedelta


class Clock:
    """It stands still until it is moved."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 24, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, **duration: float) -> None:
        """Let time pass: days=30, say."""
        self.now += timedelta(**duration)
