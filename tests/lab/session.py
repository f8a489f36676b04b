"""What every session of the lab has in common, whatever VPN carries it."""

from __future__ import annotations

import socket
from abc import ABC, abstractmethod

from tests.lab.addresses import Ends
from tests.lab.exchange import Dialect, Responder, SteadyPing, answered, echo
from tests.lab.stage import Stage

_ECHO_PORT = 7


class Session(ABC):
    """One VPN session from the subscriber to a server address of its own.

    `protocol` is a name of `control.vocabulary.VPN_PROTOCOLS`; `registered` says whether the lab's
    allowlist is to hold `server_address`.
    """

    protocol: str

    def __init__(
        self, stage: Stage, responder: Responder, name: str, ends: Ends, *, registered: bool
    ) -> None:
        self.stage = stage
        self.responder = responder
        self.name = f"{name} {'registered' if registered else 'unregistered'}"
        self.ends = ends
        self.registered = registered

    @property
    def server_address(self) -> str:
        return self.ends.server

    @property
    def log(self) -> str:
        """A name for files of this session, unlike that of any other on the stage."""
        return self.name.replace(" ", "-")

    @abstractmethod
    def start(self) -> None:
        """Set both ends going; returns before the session is up, and may be called again after stop()."""

    @abstractmethod
    def stop(self) -> None:
        """End both ends; a stopped session may be stopped again."""

    def is_up(self, seconds: float = 8.0) -> bool:
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


class TunnelSession(Session):
    """A session with a real tunnel: its echoes run between the tunnel's two inner addresses."""

    dialect = echo()

    def __init__(
        self, stage: Stage, responder: Responder, name: str, ends: Ends, *, registered: bool
    ) -> None:
        super().__init__(stage, responder, name, ends, registered=registered)
        # The edge has no route to 10.200.0.0/16: an echo comes back through the tunnel or not at all.
        self.client_inner = f"10.200.{ends.index}.2"
        self.server_inner = f"10.200.{ends.index}.1"
        # On the loopback too, so that sockets are bound before the tunnel stands and outlive it.
        stage.subscriber.ip_batch([f"address add {self.client_inner}/32 dev lo"])
        stage.internet.ip_batch([f"address add {self.server_inner}/32 dev lo"])
        listener = stage.internet.socket(socket.AF_INET, socket.SOCK_DGRAM)
        listener.bind((self.server_inner, _ECHO_PORT))
        responder.serve(listener, self.dialect)

    def ask(self) -> socket.socket:
        asker = self.stage.subscriber.socket(socket.AF_INET, socket.SOCK_DGRAM)
        asker.bind((self.client_inner, 0))
        asker.connect((self.server_inner, _ECHO_PORT))
        return asker
