"""When tokens were last used: noted beside the requests, so that none has to write, or to wait, in order to read."""

import threading
from datetime import datetime

from control.registry.access import tokens
from control.registry.access.actor import Actor
from control.registry.store.database import Database

NOTING = Actor("worker")
"""Who notes it; that is no change of a token, so nothing is audited."""


class Uses:
    """The uses of one process that are not written down yet."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: dict[str, datetime] = {}

    def note(self, token_id: str, at: datetime) -> None:
        """Note that a token was used."""
        with self._lock:
            self._seen[token_id] = at

    def flush(self, database: Database) -> None:
        """Write down what was noted.

        Raises:
            Refused: "unavailable" or "no-room": it is kept until the next time.
        """
        with self._lock:
            seen = dict(self._seen)
        if not seen:
            return
        with database.writing(NOTING) as writing:
            tokens.note_uses(writing, seen)
        with self._lock:
            self._seen = {token: at for token, at in self._seen.items() if seen.get(token) != at}
