"""What a service manager does for a service: a socket to be told on, a time in which to hear that it is alive."""

import contextlib
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab.gateway import ENDS_WITH_US, START_SECONDS, STOP_SECONDS
from lab.signals import held_back

WATCHDOG_SECONDS = 2.0
LOOK = 0.5  # s between two looks at whether the service still runs


@dataclass
class Manager:
    """The socket, and the service's process."""

    heard: socket.socket
    process: subprocess.Popen[Any]

    def lines(self, seconds: float) -> list[str]:
        """Return what is told in the next message; nothing when none comes in time."""
        self.heard.settimeout(max(seconds, 0.01))
        try:
            return self.heard.recv(4096).decode().splitlines()
        except TimeoutError:
            return []

    def wait_for(self, word: str, seconds: float = START_SECONDS) -> str:
        """Wait until a line begins with a word; return the line."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            ended = self.process.poll() is not None  # looked at first: what it said last is still to be read
            said = self.lines(min(left, LOOK))
            assert said or not ended, f"it has ended, with status {self.process.returncode}"
            for line in said:
                if line.startswith(word):
                    return line
        raise TimeoutError(f"{word} was not told")

    def is_alive(self) -> bool:
        """Say whether the service says that it is alive, soon or late: the machine may be busy."""
        return self.is_alive_within(START_SECONDS)

    def is_alive_within(self, seconds: float) -> bool:
        """Say whether the service says that it is alive, of what it says from now on."""
        while self.lines(0):  # told before now
            pass
        with contextlib.suppress(TimeoutError):
            return bool(self.wait_for("WATCHDOG=1", seconds))
        return False


@contextlib.contextmanager
def started(directory: Path, *command: str, **more: str) -> Iterator[Manager]:
    """Run a service as systemd does with Type=notify and WatchdogSec=."""
    path = directory / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(str(path))
        told = {"NOTIFY_SOCKET": str(path), "WATCHDOG_USEC": str(int(WATCHDOG_SECONDS * 1_000_000))}
        with held_back():
            process = subprocess.Popen([*ENDS_WITH_US, *command], env=os.environ | told | more)
        try:
            yield Manager(heard, process)
        finally:
            process.terminate()
            process.wait(STOP_SECONDS)
            path.unlink()
