"""What the registry does by itself as time passes: anchor the head of the audit daily, and attend to the dates."""

import time
from collections.abc import Callable
from pathlib import Path

import structlog

from control.registry.access.actor import CLOCK
from control.registry.audit import chain as audit
from control.registry.endings import dates
from control.registry.store.database import Database

log = structlog.get_logger()

EVERY = 60.0
"""Seconds between two looks at the dates."""


class Housekeeping:
    """Call it often; it does something when it is time to."""

    def __init__(self, database: Database, anchors: Path, more: Callable[[Database], None] = lambda _: None) -> None:
        """``anchors`` is the directory of the audit's heads, for outsiders to take; ``more`` is done as often, too."""
        self._database, self._anchors, self._more = database, anchors, more
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


def anchor_daily(database: Database, directory: Path) -> Path | None:
    """Anchor the head of the audit unless the day has one already; return the new file, if any.

    The day's first head stays: who took a copy in the morning finds the same file in the evening.
    """
    now = database.now()
    if audit.daily_file(directory, now).exists():
        return None
    with database.reading() as session:
        return audit.anchor(session, directory, now)
