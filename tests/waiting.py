"""Waiting for what happens: no longer than it takes, and never by the clock alone."""

import time
from collections.abc import Callable

PATIENCE = 60.0
"""Seconds until something is given up that takes a moment on an idle machine, and many on a busy one."""
_POLL_SECONDS = 0.01


def wait_for(happened: Callable[[], object], what: str, seconds: float = PATIENCE) -> None:
    """Ask until something has happened.

    Raises:
        TimeoutError: it has not, in so many seconds; names `what`.
    """
    deadline = time.monotonic() + seconds
    while not happened():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {seconds:g} s in vain: {what}")
        time.sleep(_POLL_SECONDS)
