"""What every session of the lab has in common, whatever VPN carries it."""

from __future__ import annotations

import socket
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

from lab.buffers import enlarge_of
from lab.network import Peers, Side
from lab.stage.stage import Stage
from lab.traffic.exchange import ECHO_PORT, Dialect, Responder, SteadyPing, answered, echo

# Longer than a start takes by far, also on a busy machine, and than many handshakes of every daemon here.
UP_SECONDS = 60.0


@dataclass(frozen=True)
class Site:
    """Where a session stands: what every kind of session is made from."""

    stage: Stage
    responder: Responder
    peers: Peers
    registered: bool
    translated: Peers | None = None  # as the server sees them, where a translator stands between


class Session(ABC):
    """One VPN session from the subscriber to a server address of its own.

    `protocol` is a name of `control.vocabulary.VPN_PROTOCOLS`; `registered` says whether the lab's
    allowlist is to hold `server_address`.
    """

    protocol: str

    def __init__(self, site: Site, name: str) -> None:
        self.stage = site.stage
        self.peers = site.peers
        self.registered = site.registered
        self._seen_by: dict[Side, Peers] = {"client": site.peers, "server": site.translated or site.peers}
        way = f" by NAT64 to {self.server_address}" if site.translated else ""
        self.name = f"{name}{way} {'registered' if site.registered else 'unregistered'}"

    @property
    def server_address(self) -> str:
        """The outer address that is registered, or not."""
        return self.seen_by("server").server

    def seen_by(self, side: Side) -> Peers:
        """The peers as one side sees them: through a translator they are not the same."""
        return self._seen_by[side]

    @property
    def log(self) -> str:
        """A name for files of this session, unlike that of any other on the stage."""
        return self.name.replace(" ", "-")

    @abstractmethod
    def start(self) -> None:
        """Set both sides going; returns before the session is up, and may be called again after stop()."""

    @abstractmethod
    def stop(self) -> None:
        """End both sides; a stopped session may be stopped again."""

    def is_up(self, seconds: float = UP_SECONDS) -> bool:
        """Whether an echo comes back within so many seconds; returns as soon as one does."""
        with self.ask() as asker:
            return answered(asker, self.handshake_dialect, seconds)

    def steady_ping(self, rate: float = 100.0) -> SteadyPing:
        """A context that asks `rate` numbered questions a second; its stop() says what was lost."""
        return SteadyPing(self.name, self.ask(), self.dialect, rate)

    @property
    @abstractmethod
    def dialect(self) -> Dialect:
        """The questions of an established session."""

    @property
    def handshake_dialect(self) -> Dialect:
        """The questions that show a session to be up."""
        return self.dialect

    @abstractmethod
    def ask(self) -> socket.socket:
        """A socket connected to the server's end, for questions."""


class HandmadeSession(Session):
    """A session without a daemon: its server listens from the beginning and keeps no state."""

    def start(self) -> None:
        """There is nothing to start: is_up() makes the handshake, where there is one."""

    def stop(self) -> None:
        """There is nothing to stop."""


class TunnelSession(Session):
    """A session with a real tunnel: its echoes run between the tunnel's two inner addresses."""

    dialect = echo()
    queue = "10000"  # packets that may wait for the daemon; 500, as they come, are few on a busy machine

    def __init__(self, site: Site, name: str) -> None:
        super().__init__(site, name)
        # On the loopback too, so that sockets are bound before the tunnel stands and outlive it.
        self.stage.subscriber.ip_batch([f"address add {self.peers.inner.client}/32 dev lo"])
        self.stage.internet.ip_batch([f"address add {self.peers.inner.server}/32 dev lo"])
        listener = self.stage.internet.socket(socket.AF_INET, socket.SOCK_DGRAM)
        listener.bind((self.peers.inner.server, ECHO_PORT))
        site.responder.serve(listener, self.dialect)

    @property
    @abstractmethod
    def daemons(self) -> Sequence[subprocess.Popen[bytes]]:
        """What carries the tunnel now, on both sides."""

    def steady_ping(self, rate: float = 100.0) -> SteadyPing:
        for daemon in self.daemons:
            enlarge_of(daemon.pid)
        return super().steady_ping(rate)

    def ask(self) -> socket.socket:
        asker = self.stage.subscriber.socket(socket.AF_INET, socket.SOCK_DGRAM)
        asker.bind((self.peers.inner.client, 0))
        asker.connect((self.peers.inner.server, ECHO_PORT))
        return asker
