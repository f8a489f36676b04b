"""What waits at an edge and has to outlive its agent: plans, and changes that are to be confirmed."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from control.edge.state.disk import DamagedError, Disk
from control.fault import Fault

SCHEMA = """
CREATE TABLE IF NOT EXISTS waiting (what TEXT PRIMARY KEY, said TEXT NOT NULL, sha256 BLOB NOT NULL);
"""


class Waiting:
    """JSON objects by name. Every method is one transaction."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk

    def load(self, kind: str) -> dict[str, Any]:
        """Return what waits of a kind, by name; what is not as it was kept is left out, and said.

        Raises:
            Refused: the disk cannot be read.
        """
        try:
            rows = self._disk.rows("SELECT what, said, sha256 FROM waiting WHERE what LIKE ?", f"{kind} %")
            whole = {what: said for what, said, digest in rows if digest == _digest(what, said)}
            found = {what.removeprefix(f"{kind} "): json.loads(said) for what, said in whole.items()}
        except (DamagedError, ValueError, TypeError) as error:
            self._say(str(error))
            return {}
        if len(whole) < len(rows):
            self._say(f"{len(rows) - len(whole)} of {kind} are not what was kept")
        return found

    def keep(self, kind: str, what: Mapping[str, object]) -> None:
        """Keep all that waits of a kind.

        Raises:
            Refused: the disk does not take it; nothing has changed.
        """
        rows = [(f"{kind} {name}", json.dumps(said)) for name, said in what.items()]
        with self._disk.transaction():
            self._disk.write("DELETE FROM waiting WHERE what LIKE ?", f"{kind} %")
            self._disk.write_many(
                "INSERT INTO waiting VALUES (?, ?, ?)", [(name, said, _digest(name, said)) for name, said in rows]
            )

    def _say(self, why: str) -> None:
        where = f"{self._disk.path.name}, waiting"
        self._disk.faults.append(Fault(where, f"{why}: it is left out, and tightens nothing", "look at the plans"))


def _digest(what: str, said: str) -> bytes:
    return hashlib.sha256(f"{what}\n{said}".encode()).digest()
