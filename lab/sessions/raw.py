"""ESP, AH and the GRE of PPTP over raw sockets: their data paths need kernel modules.

Such a session is "up" when its packet arrives at the server's namespace and the echo arrives back.
"""

from __future__ import annotations

import contextlib
import socket
from dataclasses import dataclass

from scapy.layers.ipsec import AH, ESP
from scapy.layers.l2 import GRE_PPTP

from lab.sessions.session import HandmadeSession, Site
from lab.traffic.exchange import Dialect, echo

_IPPROTO_GRE = 47
_IPPROTO_ESP = 50
_IPPROTO_AH = 51
_SPI = 0xC0FFEE01


@dataclass(frozen=True)
class RawKind:
    """One protocol that goes over raw sockets; `protocol` is its name in the vocabulary."""

    name: str
    protocol: str
    number: int
    dialect: Dialect


ESP_KIND = RawKind("esp", "esp", _IPPROTO_ESP, echo(bytes(ESP(spi=_SPI, seq=1))))
# Next header 59 (none); an ICV of twelve bytes makes the length field 4 (RFC 4302, section 2.2).
AH_KIND = RawKind("ah", "ah", _IPPROTO_AH, echo(bytes(AH(nh=59, payloadlen=4, spi=_SPI, seq=1, icv=bytes(12)))))
# The length field counts what follows: the eight bytes of an echo (RFC 2637, section 4.1).
GRE_KIND = RawKind(
    "pptp-gre",
    "gre_pptp",
    _IPPROTO_GRE,
    echo(bytes(GRE_PPTP(seqnum_present=1, payload_len=8, call_id=1, sequence_number=1))),
)
RAW_KINDS = (ESP_KIND, AH_KIND, GRE_KIND)


class RawSession(HandmadeSession):
    """Packets of one IP protocol over raw IPv4 sockets."""

    def __init__(self, site: Site, kind: RawKind) -> None:
        super().__init__(site, kind.name)
        self.protocol = kind.protocol
        self._kind = kind
        listener = self.stage.internet.socket(socket.AF_INET, socket.SOCK_RAW, kind.number)
        listener.bind((self.peers.server, 0))
        site.responder.serve(listener, kind.dialect)

    @property
    def dialect(self) -> Dialect:
        return self._kind.dialect

    def ask(self) -> socket.socket:
        asker = self.stage.subscriber.socket(socket.AF_INET, socket.SOCK_RAW, self._kind.number)
        asker.bind((self.peers.client, 0))
        asker.connect((self.peers.server, 0))
        # Until it was bound and connected it heard the answers of every session of its protocol.
        with contextlib.suppress(BlockingIOError):
            while asker.recv(1, socket.MSG_DONTWAIT):
                pass
        return asker
