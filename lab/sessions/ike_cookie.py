"""An IKEv2 session whose server demands a cookie, since another client has begun there and not gone on."""

from __future__ import annotations

import contextlib
import secrets
import socket
import struct
from dataclasses import replace

from lab.network import Peers, Side
from lab.sessions.ike import IkePair, IkeSession
from lab.sessions.session import UP_SECONDS, Site
from lab.vpn.strongswan import IKE_PORT, Way

_DEMAND = "N(COOKIE)"  # as strongSwan notes it (RFC 7296, section 2.6)
_ANSWER_SECONDS = 1.0
# RFC 7296, sections 3.1 to 3.3; the numbers of payloads and transforms are IANA's.
_IKE_SA_INIT, _INITIATOR = 34, 0x08
_SA, _KE, _NONCE = 33, 34, 40
_X25519, _KEY_BYTES, _NONCE_BYTES = 31, 32, 32
# AES-CBC of 128 bits, both with HMAC-SHA-256: what strongswan.Way proposes.
_TRANSFORMS = (
    struct.pack("!BxHBxHHH", 3, 12, 1, 12, 0x800E, 128),
    struct.pack("!BxHBxH", 3, 8, 2, 5),
    struct.pack("!BxHBxH", 3, 8, 3, 12),
    struct.pack("!BxHBxH", 0, 8, 4, _X25519),
)


class CookieSession(IkeSession):
    """One whose first message is answered by a cookie, and sent again with it; not up unless that was so."""

    def __init__(self, site: Site, *, pair: IkePair) -> None:
        super().__init__(site, pair=pair, port=IKE_PORT, way=Way(tries=0))
        self._other = site.stage.take_peers(site.peers.version).client

    def is_up(self, seconds: float = UP_SECONDS) -> bool:
        return super().is_up(seconds) and _DEMAND in self.said()

    def _prepare(self) -> None:
        with self.stage.subscriber.socket(self.peers.family, socket.SOCK_DGRAM) as other:
            other.bind((self._other, 0))
            other.connect((self.peers.server, IKE_PORT))
            other.send(beginning())
            other.settimeout(_ANSWER_SECONDS)
            with contextlib.suppress(TimeoutError):  # where the edge refuses it
                other.recv(65535)

    def _known_to(self, side: Side) -> Peers:
        """The server takes any client."""
        return replace(self.peers, client="%any") if side == "server" else self.peers


def beginning() -> bytes:
    """An IKE_SA_INIT request that a server takes."""
    proposal = b"".join(_TRANSFORMS)
    body = (
        struct.pack("!BxHBxHBBBB", _KE, 12 + len(proposal), 0, 8 + len(proposal), 1, 1, 0, len(_TRANSFORMS))
        + proposal
        + struct.pack("!BxHHxx", _NONCE, 8 + _KEY_BYTES, _X25519)
        + secrets.token_bytes(_KEY_BYTES)
        + struct.pack("!BxH", 0, 4 + _NONCE_BYTES)
        + secrets.token_bytes(_NONCE_BYTES)
    )
    own = secrets.token_bytes(8)
    return struct.pack("!8s8xBBBBII", own, _SA, 0x20, _IKE_SA_INIT, _INITIATOR, 0, 28 + len(body)) + body
