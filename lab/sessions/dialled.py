"""Sessions that are asked through a connection of their own, which is there only once the session is."""

from __future__ import annotations

import contextlib
import socket
import socketserver
import subprocess
import time
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import replace

from lab.sessions.session import UP_SECONDS, Session, Site
from lab.traffic.exchange import answered, echo
from lab.traffic.streams import StreamServer, connect

_ASK_SECONDS = 1.0  # for which one connection is asked
_PAUSE_SECONDS = 0.1
_LOCALHOST = "127.0.0.1"
_NEAR, _FAR = 20_000, 30_000  # the first ports of the two ends, each of its own namespace


class DialledSession(Session):
    """One whose questions go over a new connection each time it is asked whether it is up."""

    daemons: tuple[subprocess.Popen[bytes], ...] = ()

    def is_up(self, seconds: float = UP_SECONDS) -> bool:
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            with contextlib.suppress(OSError), self.ask() as asker:
                if answered(asker, self.handshake_dialect, min(_ASK_SECONDS, left)):
                    return True
            time.sleep(min(_PAUSE_SECONDS, left))
        return False

    def stop(self) -> None:
        self.stage.end(*self.daemons)
        self.daemons = ()


class ForwardedSession(DialledSession):
    """A TCP port of the subscriber's that leads, through the session, to an echo at the internet."""

    protocol = "none"
    dialect = replace(echo(), size=len(echo().question(0)))

    def __init__(self, site: Site, name: str) -> None:
        super().__init__(site, name)
        self.near = (_LOCALHOST, _NEAR + site.peers.index)
        self.far = (_LOCALHOST, _FAR + site.peers.index)
        listener = self.stage.internet.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.bind(self.far)
        self.stage.on_close(StreamServer(listener, _Echo))

    def start(self) -> None:
        self.daemons = tuple(self._launch())

    def ask(self) -> socket.socket:
        asker = connect(self.stage.subscriber.socket(socket.AF_INET, socket.SOCK_STREAM), self.near, _ASK_SECONDS)
        asker.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, self.dialect.size)
        return asker

    @abstractmethod
    def _launch(self) -> Sequence[subprocess.Popen[bytes]]:
        """Start what forwards, on both sides."""


class _Echo(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        with contextlib.suppress(OSError):
            while said := self.request.recv(65535):
                self.request.sendall(said)
