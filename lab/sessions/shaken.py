"""Sessions of which the lab sees the handshake alone: their daemon says when it is done."""

from __future__ import annotations

import socket
import subprocess
import time
from abc import abstractmethod

from lab.sessions.session import UP_SECONDS, Session
from lab.traffic.exchange import Dialect, echo

_PAUSE_SECONDS = 0.1


class ShakenSession(Session):
    """One that carries nothing of the lab's."""

    daemons: tuple[subprocess.Popen[bytes], ...] = ()

    def stop(self) -> None:
        self.stage.end(*self.daemons)
        self.daemons = ()

    def is_up(self, seconds: float = UP_SECONDS) -> bool:
        deadline = time.monotonic() + seconds
        while not (shaken := self.shaken()) and time.monotonic() < deadline:
            time.sleep(_PAUSE_SECONDS)
        return shaken

    @abstractmethod
    def shaken(self) -> bool:
        """Whether the handshake of the last start is done."""

    @property
    def dialect(self) -> Dialect:
        return echo()

    def ask(self) -> socket.socket:
        raise ConnectionRefusedError(f"{self.name} carries no questions")
