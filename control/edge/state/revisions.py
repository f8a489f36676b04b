"""What was changed at this edge, revision by revision: who, by which door, and what it takes to go back.

A row is written in the transaction of its change; where the disk does not take it, in the next that it takes. Rows stay
for a while without what it takes to go back: that is as big as the change.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from control.allowlist.allowlist import Allowlist
from control.edge.state.disk import DamagedError, Disk, digest_of
from control.host import clock
from control.rollout.change import SMALL, Change
from control.rollout.origin import Door, Origin
from control.rollout.union import Source
from control.rollout.weight import Consent, Weight

SCHEMA = """
CREATE TABLE IF NOT EXISTS revision (
    revision INTEGER PRIMARY KEY, list TEXT NOT NULL, serial INTEGER NOT NULL, count INTEGER NOT NULL,
    at REAL NOT NULL, boot TEXT NOT NULL, monotonic REAL NOT NULL, door TEXT NOT NULL, who TEXT NOT NULL,
    why TEXT NOT NULL, added INTEGER NOT NULL, removed INTEGER NOT NULL, cut INTEGER NOT NULL, in_use INTEGER NOT NULL,
    held INTEGER NOT NULL, consent TEXT NOT NULL, sha256 BLOB NOT NULL, bodies BLOB NOT NULL,
    now BLOB, was BLOB, undone INTEGER NOT NULL DEFAULT 0);
CREATE INDEX IF NOT EXISTS revision_cut ON revision (boot, monotonic, at, cut, in_use, consent, undone) WHERE cut > 0;
"""
"""The index has all that is asked of what was cut: in the rows themselves, ``undone`` is behind megabytes."""

COLUMNS = (
    "revision, list, serial, count, at, boot, monotonic, door, who, why, added, removed, cut, in_use, held, consent"
)
KEPT_ROWS = 10_000
KEPT_ENTRIES = 8_000_000
"""Entries of all rows together of which the disk has what it takes to go back: the last few whole lists."""

DAY = 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Revision:
    """One revision of the live list.

    Attributes:
        number: that it led to.
        source: which of the lists it changed.
        serial, count: of that list, afterwards.
        at: seconds since 1970.
        origin: who asked for it.
        added, removed: how many entries.
        weight: how much it cut.
    """

    number: int
    source: Source
    serial: int
    count: int
    at: float
    origin: Origin
    added: int
    removed: int
    weight: Weight

    @property
    def is_watched(self) -> bool:
        """Whether it cut somebody without anybody's having looked at whom."""
        return bool(self.weight.cut) and self.weight.consent is not Consent.AGREED

    @property
    def is_small(self) -> bool:
        """Whether it was made entry by entry."""
        return self.added + self.removed <= SMALL


@dataclass(frozen=True, slots=True)
class RevisionContent:
    """What one revision did to one of the lists.

    Attributes:
        now: the entries that it gave their present terms.
        was: the entries that were there before, of all prefixes that it touched.
    """

    source: Source
    now: Allowlist
    was: Allowlist


class Revisions:
    """The revisions of one edge."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk

    def note(self, revision: Revision, change: Change) -> Callable[[], None]:
        """Have kept what a change does, with the next that is kept; return what withdraws that."""
        bodies = change.added.pack(), change.before.pack()
        origin, weight = revision.origin, revision.weight
        values = (
            revision.number,
            revision.source.value,
            revision.serial,
            revision.count,
            revision.at,
            clock.boot_id(),
            clock.now(),
            origin.door.value,
            origin.who,
            origin.why,
            revision.added,
            revision.removed,
            weight.cut,
            weight.in_use,
            weight.held,
            weight.consent.value,
        )
        row = *values, digest_of(values), _sha256(bodies), *bodies
        marks = ", ".join("?" * len(row)) + ", 0"

        def write() -> None:
            self._disk.write(f"INSERT OR REPLACE INTO revision VALUES ({marks})", *row)
            self._disk.write("DELETE FROM revision WHERE revision <= ?", revision.number - KEPT_ROWS)
            if not revision.is_small:
                self._let_go()

        self._disk.write_along(write)
        return partial(self._disk.withdraw, write)

    def last(self, most: int) -> list[Revision]:
        """Return the last revisions, the newest first; without what is not as it was kept.

        Raises:
            Refused: the disk cannot be read.
        """
        rows = self._rows(f"SELECT {COLUMNS}, sha256 FROM revision ORDER BY revision DESC LIMIT ?", most)
        return [_revision(row[:-1]) for row in rows if row[-1] == digest_of(row[:-1])]

    def find(self, number: int) -> Revision | None:
        """Return one revision; none where it is not known.

        Raises:
            Refused: the disk cannot be read.
        """
        rows = self._rows(f"SELECT {COLUMNS}, sha256 FROM revision WHERE revision = ?", number)
        return next((_revision(row[:-1]) for row in rows if row[-1] == digest_of(row[:-1])), None)

    def content(self, number: int) -> RevisionContent | None:
        """Return what a revision did; none where it is not known any more.

        Raises:
            Refused: the disk cannot be read.
        """
        rows = self._rows("SELECT list, bodies, now, was FROM revision WHERE revision = ? AND now IS NOT NULL", number)
        try:
            contents = (
                RevisionContent(Source(name), *map(Allowlist.unpack, bodies))
                for name, digest, *bodies in rows
                if digest == _sha256(bodies)
            )
            return next(contents, None)
        except (ValueError, TypeError):
            return None

    def note_undone(self, numbers: Sequence[int]) -> None:
        """Have kept, with the next that is kept, that what revisions cut is let through again."""

        def write() -> None:
            for number in numbers:
                self._disk.write("UPDATE revision SET undone = 1 WHERE revision = ?", number)

        self._disk.write_along(write)

    def cut_within_a_day(self) -> tuple[int, int]:
        """Return how many entries were cut within the last day that nobody had looked at, and how many in use.

        What undid itself since does not count.

        Within one boot the wall clock has no say: a step of it must not let more be cut.

        Raises:
            Refused: the disk cannot be read.
        """
        boot, now, at = clock.stamp()
        rows = self._rows(
            "SELECT coalesce(sum(cut), 0), coalesce(sum(in_use), 0) FROM revision "
            "WHERE cut > 0 AND consent != 'agreed' AND NOT undone "
            "AND CASE WHEN boot = ? THEN monotonic > ? ELSE at > ? END",
            *(boot, now - DAY, at - DAY),
        )
        return (int(rows[0][0]), int(rows[0][1])) if rows else (0, 0)

    def overridden(self, seconds: float) -> list[tuple[int, float]]:
        """Return the revisions of the last so many seconds in which somebody overrode the limits, and their age.

        Raises:
            Refused: the disk cannot be read.
        """
        return self._within(seconds, "consent = 'overridden'")

    def watched(self, seconds: float) -> list[tuple[int, float]]:
        """Return the revisions of the last so many seconds that cut somebody nobody had looked at, and their age.

        Raises:
            Refused: the disk cannot be read.
        """
        return self._within(seconds, "cut > 0 AND consent != 'agreed'")

    def _within(self, seconds: float, which: str) -> list[tuple[int, float]]:
        rows = self._rows(f"SELECT revision, boot, monotonic, at FROM revision WHERE {which} ORDER BY revision")
        ages = [(row[0], clock.age(*row[1:])) for row in rows]
        return [(number, age) for number, age in ages if age <= seconds]

    def _rows(self, query: str, *values: object) -> Sequence[Any]:
        try:
            return self._disk.rows(query, *values)
        except DamagedError:
            return []

    def _let_go(self) -> None:
        """Let go of what it takes to go back further than the last so many entries."""
        total, query = 0, "SELECT revision, added, removed FROM revision WHERE now IS NOT NULL ORDER BY revision DESC"
        for revision, added, removed in self._rows(query):
            total += added + removed
            if total > KEPT_ENTRIES:
                self._disk.write("UPDATE revision SET now = NULL, was = NULL WHERE revision <= ?", revision)
                return


def _revision(row: Sequence[Any]) -> Revision:
    revision, name, serial, count, at, _, _, door, who, why, added, removed, cut, in_use, held, consent = row
    weight = Weight(cut, in_use, held, Consent(consent))
    return Revision(revision, Source(name), serial, count, at, Origin(Door(door), who, why), added, removed, weight)


def _sha256(bodies: Sequence[bytes]) -> bytes:
    return hashlib.sha256(b"".join(bodies)).digest()
