"""Waiting for what happens: no longer than it takes, and never by the clock alone."""

import socket
import subprocess
import time
from collections.abc import Callable, Sequence
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


def must_run(processes: Sequence[subprocess.Popen[bytes]]) -> None:
    """Say which of the processes have ended, and how.

    Raises:
        AssertionError: one of them has.
    """
    ended = {str(process.args): process.returncode for process in processes if process.poll() is not None}
    assert not ended, f"ended, with status: {ended}"


def wait_until_ready(
    processes: Sequence[subprocess.Popen[bytes]], ready: Callable[[], bool], what: str, seconds: float = PATIENCE
) -> None:
    """Wait until processes that were started are ready; no longer than they run, which a stage's end may cut short.

    Raises:
        AssertionError: one of them has ended.
        TimeoutError: they are not, in so many seconds; names `what`.
    """

    def run_and_are_ready() -> bool:
        must_run(processes)
        return ready()

    wait_for(run_and_are_ready, what, seconds)


def listens(path: Path) -> bool:
    """Whether a daemon takes connections at a UNIX socket, which is there a moment earlier."""
    with socket.socket(socket.AF_UNIX) as asker:
        return asker.connect_ex(str(path)) == 0
