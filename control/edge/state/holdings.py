"""What is held, on disk: a restart forgets none of it. What is not as it was kept is dropped, which cuts nobody."""

import json
from collections.abc import Sequence
from typing import Any

from control.allowlist.allowlist import Allowlist
from control.edge.state.disk import DamagedError, Disk, digest_of
from control.fault import Fault
from control.rollout.holding import Holding
from control.rollout.origin import Door, Origin

SCHEMA = """
CREATE TABLE IF NOT EXISTS holding (
    number INTEGER PRIMARY KEY, narrowed BLOB NOT NULL, removed BLOB NOT NULL, said TEXT NOT NULL,
    sha256 BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS held_last (number INTEGER NOT NULL);
"""


class Holdings:
    """What is held of the local list. Every method is one transaction."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk
        self.last = 0

    def load(self) -> list[Holding]:
        """Return what is held.

        Raises:
            Refused: the disk cannot be read.
        """
        try:
            self.last = int(self._disk.rows("SELECT max(number) FROM held_last")[0][0] or 0)
            rows = self._disk.rows("SELECT number, narrowed, removed, said, sha256 FROM holding ORDER BY number")
            holdings = [_holding(row) for row in rows]
        except (DamagedError, ValueError, TypeError, KeyError) as error:
            where, mend = f"{self._disk.path.name}, holding", "ask again for what is to be removed; check the disk"
            self._disk.faults.append(Fault(where, f"{error}: what was held is dropped, and nobody is cut", mend))
            return []
        return holdings

    def keep(self, holdings: Sequence[Holding]) -> None:
        """Keep all that is held.

        Raises:
            Refused: the disk does not take it; nothing has changed.
        """
        self.last = max([self.last, *(holding.number for holding in holdings)])
        with self._disk.transaction():
            self._disk.write("DELETE FROM holding")
            self._disk.write_many("INSERT INTO holding VALUES (?, ?, ?, ?, ?)", [_row(holding) for holding in holdings])
            self._disk.write("DELETE FROM held_last")
            self._disk.write("INSERT INTO held_last VALUES (?)", self.last)


def _row(holding: Holding) -> tuple[object, ...]:
    origin = holding.origin
    said = {
        "why": holding.why,
        "in_use": holding.in_use,
        "door": origin.door.value,
        "who": origin.who,
        "person": origin.person,
        "reason": origin.why,
        "at": holding.at,
        "persons": holding.persons,
        "agreed": holding.agreed,
    }
    row = holding.number, holding.narrowed.pack(), holding.removed.pack(), json.dumps(said)
    return *row, digest_of(row)


def _holding(row: Any) -> Holding:
    number, narrowed, removed, text, digest = row
    if digest != digest_of(row[:-1]):
        raise ValueError("it is not what was kept")
    said = json.loads(text)
    return Holding(
        number,
        Allowlist.unpack(narrowed),
        Allowlist.unpack(removed),
        tuple(said["why"]),
        said["in_use"],
        Origin(Door(said["door"]), said["who"], said["reason"], person=said["person"]),
        said["at"],
        said["persons"],
        tuple(said["agreed"]),
    )
