"""Sessions whose packets are made by hand: protocols whose data path needs kernel modules.

Such a session is "up" when its packet arrives at the server's namespace and the answer arrives back.
"""

from __future__ import annotations

import socket
import socketserver
import struct
from dataclasses import dataclass

from scapy.layers.ipsec import AH, ESP
from scapy.layers.l2 import GRE_PPTP
from scapy.layers.l2tp import L2TP
from scapy.layers.pptp import (
    PPTP,
    PPTPEchoReply,
    PPTPEchoRequest,
    PPTPStartControlConnectionReply,
    PPTPStartControlConnectionRequest,
)

from tests.lab.addresses import Ends
from tests.lab.exchange import Dialect, Responder, echo
from tests.lab.session import Session
from tests.lab.stage import Stage
from tests.lab.streams import StreamServer, connect

_L2TP_PORT = 1701  # RFC 2661, section 8.1
_PPTP_PORT = 1723  # RFC 2637, section 3.1
_PPTP_SECONDS = 8.0
_START_REPLY_SIZE = 156  # RFC 2637, section 2.2
_ECHO_REPLY_SIZE = 20  # RFC 2637, section 2.6
_IPPROTO_GRE = 47
_IPPROTO_ESP = 50
_IPPROTO_AH = 51
_SPI = 0xC0FFEE01

_ESP = echo(bytes(ESP(spi=_SPI, seq=1)))
# Next header 59 (none); an ICV of twelve bytes makes the length field 4 (RFC 4302, section 2.2).
_AH = echo(bytes(AH(nh=59, payloadlen=4, spi=_SPI, seq=1, icv=bytes(12))))
# PPP with protocol and IP behind it, by the length that enhanced GRE carries (RFC 2637, section 4.1).
_PPTP_GRE = echo(bytes(GRE_PPTP(seqnum_present=1, payload_len=8, call_id=1, sequence_number=1)))
_L2TP_DATA = echo(bytes(L2TP(hdr=0, version=2, tunnel_id=1, session_id=1)))


@dataclass(frozen=True)
class RawKind:
    """One protocol that goes over raw sockets."""

    name: str
    protocol: str
    number: int
    dialect: Dialect


RAW_KINDS = (
    RawKind("esp", "esp", _IPPROTO_ESP, _ESP),
    RawKind("ah", "ah", _IPPROTO_AH, _AH),
    RawKind("pptp-gre", "gre_pptp", _IPPROTO_GRE, _PPTP_GRE),
)


class RawSession(Session):
    """Packets of one IP protocol over raw IPv4 sockets."""

    def __init__(
        self, stage: Stage, responder: Responder, ends: Ends, kind: RawKind, *, registered: bool
    ) -> None:
        super().__init__(stage, responder, kind.name, ends, registered=registered)
        self.protocol = kind.protocol
        self._kind = kind
        listener = stage.internet.socket(socket.AF_INET, socket.SOCK_RAW, kind.number)
        listener.bind((ends.server, 0))
        responder.serve(listener, kind.dialect)

    @property
    def dialect(self) -> Dialect:
        return self._kind.dialect

    def start(self) -> None:
        """There is nothing to start: these protocols have no handshake of their own."""

    def stop(self) -> None:
        """There is nothing to stop."""

    def ask(self) -> socket.socket:
        asker = self.stage.subscriber.socket(socket.AF_INET, socket.SOCK_RAW, self._kind.number)
        asker.bind((self.ends.client, 0))
        asker.connect((self.ends.server, 0))
        return asker


class L2tpSession(Session):
    """L2TP: up when the control connection's request is replied to; then data messages."""

    protocol = "l2tp"
    dialect = _L2TP_DATA

    def __init__(self, stage: Stage, responder: Responder, ends: Ends, *, registered: bool) -> None:
        super().__init__(stage, responder, "l2tp", ends, registered=registered)
        listener = stage.internet.socket(ends.family, socket.SOCK_DGRAM)
        listener.bind((ends.server, _L2TP_PORT))
        responder.serve(listener, Dialect(_sccrq, _l2tp_answer, _l2tp_tunnel))

    @property
    def handshake_dialect(self) -> Dialect:
        return Dialect(_sccrq, _l2tp_answer, _l2tp_tunnel)

    def start(self) -> None:
        """The listener stands already; the handshake is the question that is_up() asks."""

    def stop(self) -> None:
        """There is nothing to stop: the lab's server keeps no state."""

    def ask(self) -> socket.socket:
        asker = self.stage.subscriber.socket(self.ends.family, socket.SOCK_DGRAM)
        asker.bind((self.ends.client, 0))
        asker.connect((self.ends.server, _L2TP_PORT))
        return asker


def _l2tp_control(message_type: int, tunnel: int, assigned: int, received: int) -> bytes:
    """A control message (RFC 2661, section 3.1) with the AVPs that sections 6.1 and 6.2 demand."""
    avps = (
        _avp(0, struct.pack("!H", message_type)),
        _avp(2, b"\x01\x00"),  # protocol version 1, revision 0
        _avp(3, bytes(4)),  # framing capabilities
        _avp(7, b"lab"),  # host name
        _avp(9, struct.pack("!H", assigned)),  # assigned tunnel id
    )
    body = b"".join(avps)
    return struct.pack("!HHHHHH", 0xC802, 12 + len(body), tunnel, 0, 0, received) + body


def _avp(kind: int, value: bytes) -> bytes:
    mandatory = 0x8000
    return struct.pack("!HHH", mandatory | 6 + len(value), 0, kind) + value


def _sccrq(value: int) -> bytes:
    return _l2tp_control(1, 0, value & 0xFFFF, 0)


def _l2tp_answer(question: bytes) -> bytes | None:
    if question[:2] == b"\xc8\x02":
        assigned = struct.unpack("!H", question[-2:])[0]
        return _l2tp_control(2, assigned, 1, 1)
    return _L2TP_DATA.answer(question)


def _l2tp_tunnel(answer: bytes) -> int | None:
    return struct.unpack_from("!H", answer, 4)[0] if answer[:2] == b"\xc8\x02" else None


class PptpSession(Session):
    """PPTP's control connection over real TCP: start request and reply, then echo requests."""

    protocol = "pptp"
    dialect = Dialect(
        lambda value: bytes(PPTPEchoRequest(identifier=value)),
        lambda question: bytes(PPTPEchoReply(identifier=PPTPEchoRequest(question).identifier)),
        lambda answer: PPTPEchoReply(answer).identifier if len(answer) == _ECHO_REPLY_SIZE else None,
        size=_ECHO_REPLY_SIZE,
    )

    def __init__(self, stage: Stage, responder: Responder, ends: Ends, *, registered: bool) -> None:
        super().__init__(stage, responder, "pptp", ends, registered=registered)
        listener = stage.internet.socket(ends.family, socket.SOCK_STREAM)
        listener.bind((ends.server, _PPTP_PORT))
        stage.on_close(StreamServer(listener, _PptpHandler))

    def start(self) -> None:
        """The server stands already; the handshake is what is_up() does."""

    def stop(self) -> None:
        """Each check and each ping has a connection of its own, which ends with it."""

    def is_up(self, seconds: float = 8.0) -> bool:
        try:
            with self._connection(seconds) as asker:
                _start_pptp(asker)
        except OSError:
            return False
        return True

    def ask(self) -> socket.socket:
        asker = self._connection(_PPTP_SECONDS)
        try:
            _start_pptp(asker)
        except OSError:
            asker.close()
            raise
        return asker

    def _connection(self, seconds: float) -> socket.socket:
        asker = self.stage.subscriber.socket(self.ends.family, socket.SOCK_STREAM)
        asker.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        asker.bind((self.ends.client, 0))
        return connect(asker, (self.ends.server, _PPTP_PORT), seconds)


def _start_pptp(asker: socket.socket) -> None:
    asker.sendall(bytes(PPTPStartControlConnectionRequest(host_name="lab")))
    reply = PPTPStartControlConnectionReply(_whole(asker, _START_REPLY_SIZE))
    if reply.result_code != 1:
        raise ConnectionRefusedError(f"PPTP start refused with {reply.result_code}")
    # What comes next are echo replies, and each is to be read whole.
    asker.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, PptpSession.dialect.size)


def _whole(asker: socket.socket, size: int) -> bytes:
    asker.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, size)
    return asker.recv(size)


class _PptpHandler(socketserver.BaseRequestHandler):
    """Answers start and echo requests; the length stands in a message's first two bytes."""

    def handle(self) -> None:
        while head := self.request.recv(2, socket.MSG_WAITALL):
            length = int.from_bytes(head)
            message = head + self.request.recv(length - len(head), socket.MSG_WAITALL)
            self.request.sendall(_pptp_answer(message))


def _pptp_answer(message: bytes) -> bytes:
    if isinstance(PPTP(message), PPTPStartControlConnectionRequest):
        return bytes(PPTPStartControlConnectionReply(result_code=1, host_name="lab"))
    return PptpSession.dialect.answer(message) or b""
