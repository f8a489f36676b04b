"""What the registry does by itself as time passes: sign the audit's head hourly, and attend to the dates."""

import time
from collections.abc import Callable
from pathlib import Path

import structlog

from control.registry.access.actor import CLOCK
from control.registry.audit import anchors, heads
from control.registry.endings import dates
from control.registry.store.database import Database

log = structlog.get_logger()

EVERY = 60.0
"""Seconds between two looks at the dates."""


class Housekeeping:
    """Call it often; it does something when it is time to."""

    def __init__(self, database: Database, directory: Path, more: Callable[[Database], None] = lambda _: None) -> None:
        """``directory`` is that of the audit's heads, for outsiders to take; ``more`` is done as often, too."""
        self._database, self._anchors, self._more = database, directory, more
        self._next = 0.0
        self._doubts: set[str] = set()

    def __call__(self) -> None:
        """Do what is due; of many dates one transaction's worth, and the next call goes on.

        Raises:
            Refused: "unavailable" or "no-room".
        """
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + EVERY
        sign_head(self._database)
        anchor_daily(self._database, self._anchors)
        self._more(self._database)
        with self._database.writing(CLOCK) as writing:
            tick = dates.tick(writing)
        for why in set(tick.doubts) - self._doubts:
            log.warning("what has come to its end stays on the list", why=why)
        self._doubts = set(tick.doubts)
        if tick.expired or tick.held:
            log.info("dates", expired=tick.expired, held=tick.held, proposed=tick.proposed)
        if tick.is_more:
            self._next = 0.0


def sign_head(database: Database, *, now: bool = False) -> None:
    """Have a signed head of the audit made, unless the last one is not an hour old; or ``now``.

    Raises:
        Refused: "unavailable", "no-room", or "bad-configuration": the registry's key is not here.
    """
    if not now:
        with database.reading() as session:
            if not heads.is_due(session, database.now()):
                return
    with database.writing(CLOCK) as writing:
        if now or heads.is_due(writing.session, writing.now):  # another process may have been first
            writing.sign_head()


def anchor_daily(database: Database, directory: Path) -> Path | None:
    """Write the last head into the day's file unless the day has one already; return the new file, if any.

    The day's first head stays: who took a copy in the morning finds the same file in the evening.
    """
    now = database.now()
    if anchors.daily_file(directory, now).exists():
        return None
    with database.reading() as session:
        line = heads.last_line(session)
    return anchors.write(directory, now, line) if line else None
