"""Ordinary traffic, which no policy may touch: DNS, HTTPS, QUIC, and plain UDP on the ports of VPNs."""

from __future__ import annotations

import http.client
import http.server
import socket
import ssl
import struct
import time
from abc import ABC, abstractmethod

from scapy.layers.dns import DNS, DNSQR, DNSRR

from lab.network import Peers
from lab.stage.addresses import BYSTANDER
from lab.stage.namespace import Namespace
from lab.stage.stage import Stage
from lab.traffic.exchange import Dialect, Responder, Steady, SteadyPing, echo
from lab.traffic.streams import StreamServer, connect
from lab.vpn.authority import Authority

_HTTPS_SECONDS = 30.0
# RFC 9000, section 17.2.2: an Initial, version 1, two connection ids of eight bytes, no token.
_QUIC_INITIAL = bytes.fromhex("c3 00000001 08 0102030405060708 08 1112131415161718 00 449e")
# Section 17.3: short headers. Their first byte may be 0x40 or 0x50, OpenVPN's opcode bytes.
_QUIC_SHORT = (b"\x40", b"\x50")
_QUIC_SIZE = 1200  # section 14.1: the least size of a datagram with an Initial
_RTP = bytes.fromhex("80 60 0001 00000001 deadbeef")  # RFC 3550, section 5.1


class Ordinary(ABC):
    """One kind of ordinary traffic, between addresses that no allowlist holds."""

    def __init__(self, name: str, stage: Stage, peers: Peers, port: int) -> None:
        self.name = f"{name} v{peers.version} port {port}"
        self.peers = peers
        self.port = port
        self._stage = stage

    @abstractmethod
    def steady_ping(self, rate: float = 20.0) -> Steady:
        """A context that asks `rate` times a second; its stop() says what was lost."""

    def _socket(self, namespace: Namespace, kind: socket.SocketKind, address: str, port: int) -> socket.socket:
        bound = namespace.socket(self.peers.family, kind)
        bound.bind((address, port))
        return bound


class Datagrams(Ordinary):
    """Questions and answers over UDP."""

    def __init__(
        self, name: str, stage: Stage, peers: Peers, port: int, dialect: Dialect, responder: Responder
    ) -> None:
        super().__init__(name, stage, peers, port)
        self._dialect = dialect
        responder.serve(self._socket(stage.bystander, socket.SOCK_DGRAM, peers.server, port), dialect)

    def steady_ping(self, rate: float = 20.0) -> Steady:
        asker = self._socket(self._stage.subscriber, socket.SOCK_DGRAM, self.peers.client, 0)
        asker.connect((self.peers.server, self.port))
        return SteadyPing(self.name, asker, self._dialect, rate)


class Https(Ordinary):
    """A real TLS server; each request comes over a connection of its own."""

    def __init__(self, stage: Stage, peers: Peers, port: int, authority: Authority) -> None:
        super().__init__("https", stage, peers, port)
        self._trust = ssl.create_default_context(cafile=str(authority.root.certificate))
        self._trust.verify_flags |= ssl.VERIFY_X509_STRICT  # as it comes from Python 3.13 on
        identity = authority.issue(f"https{peers.index}-{port}", usage="serverAuth", alternative=f"IP:{peers.server}")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(identity.certificate, identity.key)
        listener = self._socket(stage.bystander, socket.SOCK_STREAM, peers.server, port)
        # The handshake is left to the thread of the connection, so that a slow one holds nobody up.
        secure = context.wrap_socket(listener, server_side=True, do_handshake_on_connect=False)
        stage.on_close(StreamServer(secure, _HttpsHandler))

    def steady_ping(self, rate: float = 5.0) -> Steady:
        return _HttpsVisits(self, rate)

    def visit(self, number: int) -> bool:
        """Fetch one page over a new connection; whether it is the right one."""
        try:
            with self._connect() as secure:
                secure.sendall(f"GET /{number} HTTP/1.0\r\n\r\n".encode())
                response = http.client.HTTPResponse(secure)
                response.begin()
                return response.read() == _page(f"/{number}")
        except (OSError, http.client.HTTPException):
            return False

    def _connect(self) -> ssl.SSLSocket:
        plain = self._socket(self._stage.subscriber, socket.SOCK_STREAM, self.peers.client, 0)
        connect(plain, (self.peers.server, self.port), _HTTPS_SECONDS)
        return self._trust.wrap_socket(plain, server_hostname=self.peers.server)


class _HttpsVisits(Steady):
    def __init__(self, site: Https, rate: float) -> None:
        super().__init__(site.name, rate)
        self._site = site

    def _work(self) -> None:
        while not self._stopping.is_set():
            due = time.monotonic() + self._interval
            self._sent += 1
            if self._site.visit(self._sent):
                self._numbers.add(self._sent)
            self._stopping.wait(max(0.0, due - time.monotonic()))


class _HttpsHandler(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        page = _page(self.path)
        self.send_response(200)
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, *words: object) -> None:
        """No log: the tally says what arrived."""


def _page(path: str) -> bytes:
    """More than a few segments long, so that data flows and not just a handshake."""
    return f"page {path}\n".encode() * 1000


def _dns_dialect() -> Dialect:
    def question(number: int) -> bytes:
        return bytes(DNS(id=number & 0xFFFF, rd=1, qd=DNSQR(qname="registry.example")))

    def answer(query: bytes) -> bytes:
        asked = DNS(query)
        record = DNSRR(rrname=asked.qd[0].qname, ttl=60, rdata="192.0.2.1")
        return bytes(DNS(id=asked.id, qr=1, rd=1, ra=1, qd=asked.qd, an=record))

    def number(reply: bytes) -> int | None:
        return int(struct.unpack_from("!H", reply)[0]) if len(reply) > 12 and reply[2] & 0x80 else None

    return Dialect(question, answer, number)


def _datagram_kinds() -> list[tuple[str, int, Dialect]]:
    """Name, port and dialect of everything ordinary that goes over UDP."""
    initial = echo(_QUIC_INITIAL.ljust(_QUIC_SIZE - 8, b"\0"))
    return [
        ("dns", 53, _dns_dialect()),
        ("quic initial", 443, initial),
        *((f"quic short {first.hex()}", 8443 + first[0], echo(first + bytes(60))) for first in _QUIC_SHORT),
        *(("rtp", port, echo(_RTP)) for port in (500, 1194, 1701, 4500, 51820)),
    ]


def ordinary_traffic(stage: Stage) -> list[Ordinary]:
    """Every kind of ordinary traffic, over IPv4 and IPv6, with its servers listening."""
    responder = Responder()
    stage.on_close(responder)
    directory = stage.directory / "https"
    directory.mkdir()
    authority = Authority(directory)
    traffic: list[Ordinary] = []
    for version in (4, 6):
        peers = stage.take_peers(version, BYSTANDER)
        for name, port, dialect in _datagram_kinds():
            traffic.append(Datagrams(name, stage, peers, port, dialect, responder))
        # TLS on OpenVPN's port is no OpenVPN.
        traffic.extend(Https(stage, peers, port, authority) for port in (443, 1194))
    return traffic
