"""Waiting for what happens: no longer than it takes, and never by the clock alone."""

import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

PATIENCE = 60.0
"""Seconds until something is given up that takes a moment on an idle machine, and many on a busy one."""
_POLL_SECONDS = 0.01
Result = TypeVar("Result")


def wait_for(
    happened: Callable[[], Result | None], what: str, seconds: float = PATIENCE, *, pause: float = _POLL_SECONDS
) -> Result:
    """Ask until something has happened, or is there, with a pause (s) in between; return the answer.

    Raises:
        TimeoutError: it has not, in so many seconds; names `what`.
    """
    deadline = time.monotonic() + seconds
    while not (answer := happened()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {seconds:g} s in vain: {what}")
        time.sleep(pause)
    return answer


def wait_until_ready(daemon: subprocess.Popen[bytes], ready: Callable[[], bool], what: str) -> None:
    """Wait until a daemon that was started is ready, or has ended, as it does when its stage is closed meanwhile.

    Raises:
        RuntimeError: it has ended; names `what`.
        TimeoutError: it is not ready in PATIENCE seconds; names `what`.
    """
    if wait_for(lambda: daemon.poll() is not None or ready(), what) and daemon.returncode is not None:
        raise RuntimeError(f"ended with status {daemon.returncode} before: {what}")


def listens(path: Path) -> bool:
    """Whether a daemon takes connections at a UNIX socket, which is there a moment earlier."""
    with socket.socket(socket.AF_UNIX) as asker:
        return asker.connect_ex(str(path)) == 0
