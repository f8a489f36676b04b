"""What is known of each VPN protocol, read from ``PROTOCOL_FACTS`` beside ``enum protocol`` of the kernel program."""

import re
from dataclasses import dataclass

from control.vocabulary import constant, header

_FACT = re.compile(r"\bF\(\s*(\w+),\s*(\w+),\s*(\w+),\s*(\w+),\s*(\w+)\s*\)")


@dataclass(frozen=True, slots=True)
class Protocol:
    """One line of the table.

    Attributes:
        ip_protocol: the number in the IP header; OpenVPN's may also be TCP's.
        port: where its servers listen by custom or rule; 0: it lies directly upon IP and has no ports.
        always_refusable: each of its packets can be refused; otherwise only those that open a session.
        opened_by: the protocol whose handshake opens its sessions, often itself: what belongs together.
    """

    name: str
    ip_protocol: int
    port: int
    always_refusable: bool
    opened_by: str


def _facts() -> dict[str, Protocol]:
    facts = {}
    for name, ip_protocol, port, refused_in, opened_by in _FACT.findall(header()):
        facts[name.lower()] = Protocol(
            name.lower(), constant(ip_protocol), constant(port), refused_in == "EVERY_PACKET", opened_by.lower()
        )
    return facts


FACTS = _facts()
"""By the protocol's name, in the order of control.vocabulary.VPN_PROTOCOLS."""

PORTLESS = tuple(name for name in FACTS if not FACTS[name].port)
"""Protocols directly upon IP, which have no ports."""

ALWAYS_REFUSABLE = tuple(name for name in FACTS if FACTS[name].always_refusable)
"""Protocols that each packet is known by, and so refused by, whether it opens a session or not."""
