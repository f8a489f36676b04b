"""What is known of each VPN protocol, and what belongs together: the tables beside ``enum protocol`` in bpf/words.h."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from control.vocabulary import VPN_PROTOCOLS, constant, header

_PAIR = r"\b{}\(\s*(\w+),\s*(\w+)\s*\)"
_FACT = re.compile(r"\bF\(\s*(\w+),\s*(\w+),\s*(\w+),\s*(\w+),\s*(\w+)\s*\)")


@dataclass(frozen=True, slots=True)
class Protocol:
    """One line of the table.

    Attributes:
        ip_protocol: the number in the IP header; OpenVPN's may also be TCP's.
        port: where its servers listen by custom or rule; 0: it lies directly upon IP and has no ports.
        always_refusable: each of its packets can be refused; otherwise only those that open a session.
        opened_by: the protocol whose handshake opens its sessions, often itself.
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


def _pairs(table: str) -> dict[str, tuple[str, ...]]:
    """Return the lines of a table of two columns: for each protocol in order, what the second column has of it."""
    lines = re.findall(_PAIR.format(table), header())
    return {name: tuple(second for first, second in lines if first.lower() == name) for name in VPN_PROTOCOLS}


COMPANIONS = {name: tuple(map(str.lower, each)) for name, each in _pairs("C").items()}
"""What each protocol needs beside itself, as ``COMPANIONS`` of bpf/words.h has it; ``with_companions`` follows it."""

NEEDED_PORTS = {name: tuple(map(constant, ports)) for name, ports in _pairs("N").items()}
"""The ports that each protocol cannot do without; none: it may use any, or has none."""


def with_companions(protocols: Iterable[str]) -> tuple[str, ...]:
    """Return protocols with all that belongs to them, in the order of VPN_PROTOCOLS.

    PPTP and its GRE go together, and IKE, ESP and AH; L2TP brings those three, which carry it.
    """
    return _closed(frozenset(protocols))


def leading(protocols: Iterable[str]) -> tuple[str, ...]:
    """Return protocols without those whose sessions another of them opens: "ike" for IKE with its ESP and AH.

    That is how a person says it; what belongs together, everybody is told elsewhere.
    """
    given = tuple(protocols)
    return tuple(name for name in given if FACTS[name].opened_by == name or FACTS[name].opened_by not in given)


@cache
def _closed(protocols: frozenset[str]) -> tuple[str, ...]:
    found = protocols.union(*(COMPANIONS[name] for name in protocols))
    return tuple(name for name in VPN_PROTOCOLS if name in found) if found == protocols else _closed(found)


def needed_ports(protocols: Iterable[str]) -> tuple[int, ...]:
    """Return the ports that protocols and all that belongs to them cannot do without, ascending.

    500 and 4500 for IKE (RFC 7296, section 2; RFC 3948), 1701 for L2TP (RFC 2661, section 8.1), 1723 for PPTP
    (RFC 2637, section 3).
    """
    return tuple(sorted({port for name in with_companions(protocols) for port in NEEDED_PORTS[name]}))
