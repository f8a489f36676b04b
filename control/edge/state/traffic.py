"""What was counted, minute by minute for a day and hour by hour for a month: never an address in it.

A span of time has its place on a clock that nobody steps: within one boot the host's monotonic one.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from control.edge.state.disk import DamagedError, Disk
from control.host import clock

SCHEMA = """
CREATE TABLE IF NOT EXISTS traffic (
    number INTEGER PRIMARY KEY, boot TEXT NOT NULL, monotonic REAL NOT NULL, at REAL NOT NULL, seconds REAL NOT NULL,
    refusable TEXT NOT NULL);
"""
Row = tuple[int, str, float, float, float, str]
"""A row of the table."""

HOUR, DAY, MONTH = 3600.0, 86_400.0, 31 * 86_400.0  # s


@dataclass(frozen=True, slots=True)
class CountedSpan:
    """A while in which packets were counted.

    Attributes:
        age: seconds since it ended.
        seconds: that it lasted.
        refusable: by protocol, unregistered packets that enforcing for all flows refuses.
    """

    age: float
    seconds: float
    refusable: Mapping[str, int]


class TrafficHistory:
    """Spans of time, the older ones longer."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk

    def note(self, seconds: float, refusable: Mapping[str, int]) -> None:
        """Keep what was counted in the last so many seconds.

        Raises:
            Refused: the disk does not take it.
        """
        row = *clock.stamp(), seconds, json.dumps(refusable)
        with self._disk.transaction():
            self._disk.write(
                "INSERT INTO traffic (boot, monotonic, at, seconds, refusable) VALUES (?, ?, ?, ?, ?)", *row
            )

    def spans(self, within: float) -> list[CountedSpan]:
        """Return what is known of the last so many seconds.

        Raises:
            Refused: the disk cannot be read.
        """
        try:
            rows = self._disk.rows("SELECT boot, monotonic, at, seconds, refusable FROM traffic ORDER BY number")
            spans = [
                CountedSpan(clock.age(*moment), seconds, json.loads(refusable)) for *moment, seconds, refusable in rows
            ]
        except (DamagedError, ValueError, TypeError):
            return []
        return [span for span in spans if span.age < within]

    def merge(self) -> None:
        """Make hours of the minutes that are more than a day old, and let go of what is more than a month old.

        Raises:
            Refused: the disk does not take it.
        """
        rows = self._disk.rows("SELECT number, boot, monotonic, at, seconds, refusable FROM traffic ORDER BY number")
        boot, now, wall = clock.stamp()
        old = [row for row in rows if clock.age(*row[1:4]) > DAY and row[4] < HOUR]
        with self._disk.transaction():
            while old:
                hour, old = _first_hour(old)
                last, sums = hour[-1], dict[str, int]()
                for row in hour:
                    for name, packets in json.loads(row[5]).items():
                        sums[name] = sums.get(name, 0) + packets
                self._disk.write_many("DELETE FROM traffic WHERE number = ?", [(row[0],) for row in hour])
                seconds = sum(row[4] for row in hour)
                self._disk.write("INSERT INTO traffic VALUES (?, ?, ?, ?, ?, ?)", *last[:4], seconds, json.dumps(sums))
            self._disk.write("DELETE FROM traffic WHERE at < ? AND boot != ?", wall - MONTH, boot)
            self._disk.write("DELETE FROM traffic WHERE monotonic < ? AND boot = ?", now - MONTH, boot)


def _first_hour(rows: list[Row]) -> tuple[list[Row], list[Row]]:
    """Return the first rows that make an hour together, and the rest."""
    seconds = 0.0
    for place, row in enumerate(rows, 1):
        seconds += row[4]
        if seconds >= HOUR:
            return rows[:place], rows[place:]
    return rows, []
