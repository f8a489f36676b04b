"""PPTP's control connection over real TCP: start request and reply, then echo requests."""

from __future__ import annotations

import socket
import socketserver

from scapy.layers.pptp import (
    PPTP,
    PPTPEchoReply,
    PPTPEchoRequest,
    PPTPStartControlConnectionReply,
    PPTPStartControlConnectionRequest,
)

from lab.sessions.session import UP_SECONDS, HandmadeSession, Site
from lab.traffic.exchange import Dialect
from lab.traffic.streams import StreamServer, connect

_PORT = 1723  # RFC 2637, section 3.1
_START_REPLY_SIZE = 156  # section 2.2
_ECHO_REPLY_SIZE = 20  # section 2.6
_ACCEPTED = 1  # result code, section 2.2


class PptpSession(HandmadeSession):
    """Up when the start of the control connection is replied to; each check has its own connection."""

    protocol = "pptp"
    dialect = Dialect(
        lambda value: bytes(PPTPEchoRequest(identifier=value)),
        lambda question: bytes(PPTPEchoReply(identifier=PPTPEchoRequest(question).identifier)),
        lambda answer: PPTPEchoReply(answer).identifier if len(answer) == _ECHO_REPLY_SIZE else None,
        size=_ECHO_REPLY_SIZE,
    )

    def __init__(self, site: Site) -> None:
        super().__init__(site, "pptp")
        listener = self.stage.internet.socket(self.peers.family, socket.SOCK_STREAM)
        listener.bind((self.peers.server, _PORT))
        self.stage.on_close(StreamServer(listener, _Handler))

    def is_up(self, seconds: float = UP_SECONDS) -> bool:
        try:
            with self._connection(seconds) as asker:
                _start(asker)
        except OSError:
            return False
        return True

    def ask(self) -> socket.socket:
        asker = self._connection(UP_SECONDS)
        try:
            _start(asker)
        except OSError:
            asker.close()
            raise
        return asker

    def _connection(self, seconds: float) -> socket.socket:
        asker = self.stage.subscriber.socket(self.peers.family, socket.SOCK_STREAM)
        asker.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        asker.bind((self.peers.client, 0))
        return connect(asker, (self.peers.server, _PORT), seconds)


def _start(asker: socket.socket) -> None:
    asker.sendall(bytes(PPTPStartControlConnectionRequest(host_name="lab")))
    reply = PPTPStartControlConnectionReply(_whole(asker, _START_REPLY_SIZE))
    if reply.result_code != _ACCEPTED:
        raise ConnectionRefusedError(f"PPTP start refused with {reply.result_code}")
    # What comes next are echo replies, and each is to be read whole.
    asker.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, PptpSession.dialect.size)


def _whole(asker: socket.socket, size: int) -> bytes:
    asker.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, size)
    return asker.recv(size)


class _Handler(socketserver.BaseRequestHandler):
    """Answers start and echo requests; the length stands in a message's first two bytes."""

    def handle(self) -> None:
        while head := self.request.recv(2, socket.MSG_WAITALL):
            length = int.from_bytes(head)
            message = head + self.request.recv(length - len(head), socket.MSG_WAITALL)
            self.request.sendall(_answer(message))


def _answer(message: bytes) -> bytes:
    if isinstance(PPTP(message), PPTPStartControlConnectionRequest):
        return bytes(PPTPStartControlConnectionReply(result_code=_ACCEPTED, host_name="lab"))
    return PptpSession.dialect.answer(message) or b""
