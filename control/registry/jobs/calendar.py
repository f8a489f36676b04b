"""What the registry does by itself as time passes: publish the audit's head daily, and attend to the dates."""

import time
from pathlib import Path

from control.registry.access.actor import CLOCK
from control.registry.audit import chain as audit
from control.registry.cases import registrations
from control.registry.store.database import Database

EVERY = 60.0
"""Seconds between two looks at the dates."""


class Housekeeping:
    """Call it often; it does something when it is time to."""

    def __init__(self, database: Database, published: Path) -> None:
        """``published`` is the directory of the audit's heads, for outsiders to take."""
        self._database, self._published = database, published
        self._next = 0.0

    def __call__(self) -> None:
        """Do what is due; of many dates one transaction's worth, and the next call goes on.

        Raises:
            Refused: "unavailable" or "no-room".
        """
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + EVERY
        publish_daily(self._database, self._published)
        with self._database.writing(CLOCK) as writing:
            is_more = registrations.tick(writing).is_more
        if is_more:
            self._next = 0.0


def publish_daily(database: Database, directory: Path) -> Path | None:
    """Publish the audit's head unless the day has one already; return the new file, if any.

    The day's first head stays: who took a copy in the morning finds the same file in the evening.
    """
    now = database.now()
    if audit.daily_file(directory, now).exists():
        return None
    with database.reading() as session:
        return audit.publish(session, directory, now)
