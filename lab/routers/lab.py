"""The lab of routers: a stage whose edge enforces everything, FRR on it and on its neighbour, live sessions across."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from control.vocabulary import VPN_PROTOCOLS
from lab.gateway import free_port
from lab.guarding import EdgeGateway, guarding
from lab.routers.routers import Routers
from lab.sessions.session import Site
from lab.sessions.wireguard import WireGuardSession
from lab.stage.stage import Stage
from lab.traffic.exchange import Responder

Grown = dict[tuple[str, str], int]
"""Packets by protocol and reason."""


@dataclass(frozen=True)
class Lab:
    """Routers, the gateway on one of them, and registered sessions that need the routes which it learns.

    Attributes:
        sessions: over IPv4 and IPv6; their servers, and nobody else, are on the list.
    """

    routers: Routers
    gateway: EdgeGateway
    sessions: list[WireGuardSession]

    @property
    def servers(self) -> list[str]:
        """The addresses that every list must hold."""
        return [session.server_address for session in self.sessions]

    def counted(self) -> Grown:
        """What the gateway has counted."""
        return {(count["protocol"], count["reason"]): count["packets"] for count in self.gateway.counters()}


@contextlib.contextmanager
def lab(bpffs: Path) -> Iterator[Lab]:
    """A lab of its own, with everything enforced before the routers begin to talk."""
    with Stage() as stage, guarding(stage, bpffs, free_port()) as gateway:
        responder, routers = Responder(), Routers(stage)
        stage.on_close(responder)
        sessions = [WireGuardSession(Site(stage, responder, routers.peers(version), True)) for version in (4, 6)]
        here = Lab(routers, gateway, sessions)
        gateway.push(here.servers)
        gateway.set_policy("enforce", VPN_PROTOCOLS)
        routers.start()
        yield here
