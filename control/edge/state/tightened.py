"""Which policies were tightened lately, and what they were before: the way back of whoever undoes it."""

import contextlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from control.edge.state.disk import DamagedError, Disk
from control.host import clock
from control.vocabulary import MODES

SCHEMA = """
CREATE TABLE IF NOT EXISTS tightened (
    version INTEGER PRIMARY KEY, boot TEXT NOT NULL, monotonic REAL NOT NULL, at REAL NOT NULL, policies TEXT NOT NULL);
"""
KEPT = 1000  # rows


@dataclass(frozen=True, slots=True)
class Tightened:
    """Policies that were tightened.

    Attributes:
        version: of all policies, from then on.
        age: seconds since.
        before: protocol to mode and share, of those tightened.
    """

    version: int
    age: float
    before: Mapping[str, tuple[str, int]]


class TightenedPolicies:
    """What was tightened at one edge, in memory and on disk."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk
        self._rows: list[tuple[int, str, float, float, str]] = []
        with contextlib.suppress(DamagedError):
            self._rows = disk.rows("SELECT version, boot, monotonic, at, policies FROM tightened ORDER BY version")
        if not all(_is_sound(row) for row in self._rows):
            self._rows = []

    def note(self, version: int, before: Mapping[str, tuple[str, int]]) -> None:
        """Take note of what policies were, before they were tightened; the disk gets it with the next that is kept."""
        row = version, *clock.stamp(), json.dumps(before)
        self._rows = [*(each for each in self._rows if each[0] != version), row][-KEPT:]

        def write() -> None:
            self._disk.write("INSERT OR REPLACE INTO tightened VALUES (?, ?, ?, ?, ?)", *row)
            self._disk.write("DELETE FROM tightened WHERE version <= ?", version - KEPT)

        self._disk.write_along(write)

    def within(self, seconds: float) -> list[Tightened]:
        """Return what was tightened in the last so many seconds, the latest first."""
        found = [
            Tightened(
                version,
                clock.age(boot, monotonic, at),
                {name: (mode, share) for name, (mode, share) in json.loads(policies).items()},
            )
            for version, boot, monotonic, at, policies in reversed(self._rows)
        ]
        return [each for each in found if each.age <= seconds]


def _is_sound(row: Sequence[Any]) -> bool:
    """Return whether a row is what can have been kept."""
    version, boot, monotonic, at, policies = row
    try:
        rules = [(mode in MODES, 0 <= share <= 100) for mode, share in json.loads(policies).values()]
    except (ValueError, TypeError, AttributeError):
        return False
    kinds = zip((version, boot, monotonic, at), (int, str, float, float), strict=True)
    return all(isinstance(value, kind) for value, kind in kinds) and all(map(all, rules))
