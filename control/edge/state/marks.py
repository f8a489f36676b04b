"""When entries last had traffic, as it was last kept: what a removal would cut must be known after a start, too."""

import hashlib

from control.edge.state.disk import DamagedError, Disk
from control.fault import Fault
from control.host import clock

SCHEMA = """
CREATE TABLE IF NOT EXISTS seen (
    one INTEGER PRIMARY KEY CHECK (one = 1), boot TEXT NOT NULL, monotonic REAL NOT NULL, at REAL NOT NULL,
    sha256 BLOB NOT NULL, body BLOB NOT NULL);
"""


class KeptMarks:
    """What ``LastSeen`` knew when it was last kept. Every method is one transaction."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk

    def load(self) -> tuple[bytes, float] | None:
        """Return what was kept and how many seconds ago; none where there is nothing, or it is damaged.

        Raises:
            Refused: the disk cannot be read.
        """
        try:
            rows = self._disk.rows("SELECT boot, monotonic, at, sha256, body FROM seen")
        except DamagedError:
            rows = [(None,) * 5]
        if not rows:
            return None
        boot, monotonic, at, digest, body = rows[0]
        if not isinstance(body, bytes) or digest != _digest(boot, monotonic, at, body):
            why = "it is not what was kept: when entries last had traffic is not known before they have some again"
            self._disk.faults.append(Fault(f"{self._disk.path.name}, seen", why, "check the disk"))
            return None
        return body, clock.age(boot, monotonic, at)

    def keep(self, body: bytes) -> None:
        """Keep what is known now.

        Raises:
            Refused: the disk does not take it; what was kept before stays.
        """
        said = clock.stamp()
        with self._disk.transaction():
            self._disk.write("INSERT OR REPLACE INTO seen VALUES (1, ?, ?, ?, ?, ?)", *said, _digest(*said, body), body)


def _digest(boot: object, monotonic: object, at: object, body: bytes) -> bytes:
    return hashlib.sha256(repr((boot, monotonic, at)).encode() + body).digest()
