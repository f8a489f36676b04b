"""IKE in TCP (RFC 8229), by hand: the kernel's part, which libreswan wants, lacks here.

A port and six letters of a stream are all that tells of it: it is not recognised, and passes.
"""

from __future__ import annotations

import socket
import socketserver
import struct

from lab.sessions.dialled import DialledSession
from lab.sessions.ike_cookie import beginning
from lab.sessions.session import Site
from lab.traffic.exchange import Dialect, echo
from lab.traffic.streams import StreamServer, connect
from lab.vpn.strongswan import NAT_T_PORT

_PREFIX = b"IKETCP"  # section 4
_NON_ESP = bytes(4)  # section 3.1: IKE, not ESP
_SECONDS = 1.0


def _wrapped(message: bytes) -> bytes:
    """Behind its length, which counts itself (section 3)."""
    return struct.pack("!H", 2 + len(message)) + message


class IkeInTcpSession(DialledSession):
    """The prefix and an IKE_SA_INIT, then numbered messages as of ESP."""

    protocol = "none"

    def __init__(self, site: Site) -> None:
        super().__init__(site, "ike-in-tcp")
        listener = self.stage.internet.socket(self.peers.family, socket.SOCK_STREAM)
        listener.bind((self.peers.server, NAT_T_PORT))
        self.stage.on_close(StreamServer(listener, _Server))

    def start(self) -> None:
        """There is nothing to start: each question has a connection of its own."""

    @property
    def dialect(self) -> Dialect:
        plain = echo(_wrapped(struct.pack("!II", 0xC0FFEE01, 1) + bytes(8))[:10])
        return Dialect(plain.question, plain.answer, plain.number, size=len(plain.question(0)))

    def ask(self) -> socket.socket:
        asker = self.stage.subscriber.socket(self.peers.family, socket.SOCK_STREAM)
        asker.bind((self.peers.client, 0))
        connect(asker, (self.peers.server, NAT_T_PORT), _SECONDS)
        asker.sendall(_PREFIX + _wrapped(_NON_ESP + beginning()))
        asker.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, self.dialect.size)
        return asker


class _Server(socketserver.BaseRequestHandler):
    """Takes the first message, and returns the rest."""

    def handle(self) -> None:
        asker: socket.socket = self.request
        asker.recv(len(_PREFIX), socket.MSG_WAITALL)
        (length,) = struct.unpack("!H", asker.recv(2, socket.MSG_WAITALL))
        asker.recv(length - 2, socket.MSG_WAITALL)
        while said := asker.recv(65535):
            asker.sendall(said)
