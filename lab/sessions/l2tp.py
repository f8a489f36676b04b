"""L2TP over UDP: a control connection's first two messages, then data messages."""

from __future__ import annotations

import socket
import struct

from scapy.layers.l2tp import L2TP

from lab.sessions.session import HandmadeSession, Site
from lab.traffic.exchange import Dialect, echo
from lab.vpn.l2tp import PORT

_CONTROL = b"\xc8\x02"  # flags T, L and S, version 2 (section 3.1)
_SCCRQ, _SCCRP = 1, 2  # section 3.2
_DATA = echo(bytes(L2TP(hdr=0, version=2, tunnel_id=1, session_id=1)))


class L2tpSession(HandmadeSession):
    """Up when the request for a control connection is replied to; then data messages."""

    protocol = "l2tp"
    dialect = _DATA

    def __init__(self, site: Site) -> None:
        super().__init__(site, "l2tp")
        listener = self.stage.internet.socket(self.peers.family, socket.SOCK_DGRAM)
        listener.bind((self.peers.server, PORT))
        site.responder.serve(listener, self.handshake_dialect)

    @property
    def handshake_dialect(self) -> Dialect:
        return Dialect(_request, _answer, _replied_tunnel)

    def ask(self) -> socket.socket:
        asker = self.stage.subscriber.socket(self.peers.family, socket.SOCK_DGRAM)
        asker.bind((self.peers.client, 0))
        asker.connect((self.peers.server, PORT))
        return asker


def _request(number: int) -> bytes:
    """A start request whose assigned tunnel id is the number."""
    return _control(_SCCRQ, tunnel=0, assigned=number & 0xFFFF, received=0)


def _answer(message: bytes) -> bytes | None:
    if message.startswith(_CONTROL):
        (assigned,) = struct.unpack("!H", message[-2:])
        return _control(_SCCRP, tunnel=assigned, assigned=1, received=1)
    return _DATA.answer(message)


def _replied_tunnel(reply: bytes) -> int | None:
    return int.from_bytes(reply[4:6]) if reply.startswith(_CONTROL) else None


def _control(message_type: int, *, tunnel: int, assigned: int, received: int) -> bytes:
    """A control message (RFC 2661, section 3.1) with the AVPs that sections 6.1 and 6.2 demand."""
    avps = (
        _avp(0, struct.pack("!H", message_type)),
        _avp(2, b"\x01\x00"),  # protocol version 1, revision 0
        _avp(3, bytes(4)),  # framing capabilities
        _avp(7, b"lab"),  # host name
        _avp(9, struct.pack("!H", assigned)),  # assigned tunnel id, last so that _answer finds it
    )
    body = b"".join(avps)
    return _CONTROL + struct.pack("!HHHHH", 12 + len(body), tunnel, 0, 0, received) + body


def _avp(kind: int, value: bytes) -> bytes:
    mandatory = 0x8000  # section 4.1
    return struct.pack("!HHH", mandatory | 6 + len(value), 0, kind) + value
