"""A row of the table: what a packet is in words, the packet, and what the program must say of it."""

from dataclasses import dataclass
from typing import Any

from control.protocols import ALWAYS_REFUSABLE


@dataclass(frozen=True)
class Row:
    """One packet of the table.

    Attributes:
        what: the packet in a sentence.
        frame: its bytes, from the Ethernet header on.
        link: the name in packets.LINKS of what carries it.
        protocol: a name of control.vocabulary.PROTOCOLS.
        handshake: whether it opens a session.
        reason: why it passes when it is not VPN traffic.
    """

    what: str
    frame: bytes
    link: str
    protocol: str = "none"
    handshake: bool = False
    reason: str = ""

    @property
    def is_vpn(self) -> bool:
        return self.protocol != "none"

    @property
    def refusable(self) -> bool:
        return self.handshake or self.protocol in ALWAYS_REFUSABLE


def opens(protocol: str, what: str, frame: Any, link: str = "ethernet") -> Row:
    """VPN traffic that opens a session."""
    return Row(f"{protocol}: {what}", bytes(frame), link, protocol, handshake=True)


def continues(protocol: str, what: str, frame: Any, link: str = "ethernet") -> Row:
    """VPN traffic that opens no session."""
    return Row(f"{protocol}: {what}", bytes(frame), link, protocol)


def passes(what: str, frame: Any, reason: str = "ordinary", link: str = "ethernet") -> Row:
    """Traffic that is not VPN."""
    return Row(what, bytes(frame), link, reason=reason)
