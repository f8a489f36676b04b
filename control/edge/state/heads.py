"""Heads of the registry's audit that this edge has seen, on its own disk, where no keeper of the registry writes."""

from collections.abc import Sequence
from dataclasses import dataclass

from control.edge.state.disk import Disk
from control.witness.head import SignedHead

SCHEMA = """
CREATE TABLE IF NOT EXISTS head (
    place INTEGER PRIMARY KEY, epoch TEXT NOT NULL, number INTEGER NOT NULL, line TEXT NOT NULL, seen_at REAL NOT NULL,
    UNIQUE (epoch, number, line));
"""
MOST = 100_000
"""Heads that are kept: a year of one an hour, and ten of each day's removals a minute apart."""


@dataclass(frozen=True, slots=True)
class SeenHead:
    """A head that was kept.

    Attributes:
        place: its number here, in the order in which this edge saw them.
        line: the head as JSON.
        seen_at: when, by this edge's clock, in seconds since 1970.
    """

    place: int
    line: str
    seen_at: float


class SeenHeads:
    """What was kept; two heads of one number are both kept, since one of them is a forgery."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk

    def last(self, epoch: str) -> tuple[int, list[str]]:
        """Return the highest number of an epoch, and what was seen under it; 0 and nothing where there is none.

        Raises:
            Refused: the disk cannot be read.
        """
        rows = self._disk.rows("SELECT max(number) FROM head WHERE epoch = ?", epoch)
        number = rows[0][0] or 0
        lines = self._disk.rows("SELECT line FROM head WHERE epoch = ? AND number = ?", epoch, number)
        return number, [line for (line,) in lines]

    def first(self) -> str | None:
        """Return the first head that was ever kept, by whose key all later ones are judged; none: there is none.

        Raises:
            Refused: the disk cannot be read.
        """
        rows = self._disk.rows("SELECT line FROM head ORDER BY place LIMIT 1")
        return rows[0][0] if rows else None

    def keep(self, heads: Sequence[SignedHead], at: float) -> None:
        """Keep heads, beside what is there; of too many the oldest go, but for the very first.

        Raises:
            Refused: the disk does not take it.
        """
        rows = [(each.head.epoch, each.head.number, each.line, at) for each in heads]
        with self._disk.transaction():
            self._disk.write_many("INSERT OR IGNORE INTO head (epoch, number, line, seen_at) VALUES (?, ?, ?, ?)", rows)
            self._disk.write(
                "DELETE FROM head WHERE place <= (SELECT max(place) FROM head) - ?"
                " AND place > (SELECT min(place) FROM head)",
                MOST,
            )

    def twice(self) -> list[tuple[str, int]]:
        """Return which numbers, by epoch, had several heads.

        Raises:
            Refused: the disk cannot be read.
        """
        return self._disk.rows("SELECT epoch, number FROM head GROUP BY epoch, number HAVING count(*) > 1 LIMIT 10")

    def after(self, place: int, most: int) -> list[SeenHead]:
        """Return what was kept behind a place, in order.

        Raises:
            Refused: the disk cannot be read.
        """
        rows = self._disk.rows(
            "SELECT place, line, seen_at FROM head WHERE place > ? ORDER BY place LIMIT ?", place, most
        )
        return [SeenHead(*row) for row in rows]
