"""Datagrams that look like nothing: every byte random, every length another, as obfuscating tunnels send them."""

from __future__ import annotations

import hashlib
import secrets
import socket

from lab.sessions.session import HandmadeSession, Site
from lab.traffic.exchange import Dialect, echo

_NONCE_BYTES = 16
_MOST_PADDING = 1200


class RandomUdpSession(HandmadeSession):
    """Questions and answers that nobody can tell from noise without their first bytes' secret."""

    protocol = "none"

    def __init__(self, site: Site, port: int) -> None:
        super().__init__(site, f"random-udp v{site.peers.version} {port}")
        self._port = port
        listener = self.stage.internet.socket(self.peers.family, socket.SOCK_DGRAM)
        listener.bind((self.peers.server, port))
        site.responder.serve(listener, self.dialect)

    @property
    def dialect(self) -> Dialect:
        return Dialect(
            lambda number: _hidden(echo().question(number)), _answer, lambda hidden: echo().number(_seen(hidden))
        )

    def ask(self) -> socket.socket:
        asker = self.stage.subscriber.socket(self.peers.family, socket.SOCK_DGRAM)
        asker.bind((self.peers.client, 0))
        asker.connect((self.peers.server, self._port))
        return asker


def _answer(question: bytes) -> bytes | None:
    said = echo().answer(_seen(question))
    return None if said is None else _hidden(said)


def _hidden(said: bytes) -> bytes:
    nonce, padded = secrets.token_bytes(_NONCE_BYTES), bytes(secrets.randbelow(_MOST_PADDING)) + said
    return nonce + _mixed(nonce, padded)


def _seen(hidden: bytes) -> bytes:
    return _mixed(hidden[:_NONCE_BYTES], hidden[_NONCE_BYTES:])


def _mixed(nonce: bytes, content: bytes) -> bytes:
    stream = hashlib.shake_128(nonce).digest(len(content))
    return bytes(a ^ b for a, b in zip(content, stream, strict=True))
