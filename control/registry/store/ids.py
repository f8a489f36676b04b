"""Ids: opaque to whoever reads them, ordered by the time of their making so that a page can go on behind one."""

import secrets
import threading
import time

PATTERN = "[a-z]{3}_[0-9a-f]{32}"
"""Of every id, as a regular expression: the kind of object, and what ``new_id`` adds."""

_lock = threading.Lock()
_last = 0


def new_id(kind: str) -> str:
    """Return an id such as ``app_18a0…``: nanoseconds since 1970, then 64 random bits, in hexadecimal.

    Those of one process come in strictly ascending order; a clock that steps back does not change that.
    """
    global _last
    with _lock:
        _last = max(_last + 1, time.time_ns())
        return f"{kind}_{_last:016x}{secrets.token_hex(8)}"
