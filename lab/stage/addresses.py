"""The lab's addresses and ways.

They look public, for an address check refuses documentation and private space, but exist inside the
namespaces only.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import dataclass

# Pairs of ends: every session and every kind of ordinary traffic has one of its own.
PAIRS = 48
_FIRST_HOST = 10
_HOSTS = range(_FIRST_HOST, _FIRST_HOST + PAIRS)
_VERSIONS = (4, 6)


@dataclass(frozen=True)
class Ends:
    """The two outer addresses of one session; traffic to `server` leaves from `client`."""

    index: int
    client: str
    server: str

    @property
    def version(self) -> int:
        """4 or 6."""
        return 6 if ":" in self.server else 4

    @property
    def family(self) -> socket.AddressFamily:
        """What sockets between these ends are made with."""
        return socket.AF_INET6 if self.version == 6 else socket.AF_INET


@dataclass(frozen=True)
class Link:
    """One veth from a router to a host with many addresses, and the /24 and /64 on it."""

    router_interface: str
    host_interface: str
    network4: str
    network6: str

    def address(self, version: int, host: int) -> str:
        """The address of a host (1–254) on this link; 1 is the router."""
        return f"{self.network6}{host:x}" if version == 6 else f"{self.network4}{host}"

    def network(self, version: int) -> str:
        """The link's prefix."""
        return f"{self.network6}/64" if version == 6 else f"{self.network4}0/24"

    def router_lines(self) -> list[str]:
        """What `ip -batch` does on the router."""
        return [*self._address_lines(self.router_interface, 1), f"link set {self.router_interface} up"]

    def host_lines(self) -> list[str]:
        """What `ip -batch` does on the host: its addresses, and a default way over the router."""
        return [
            *(line for host in _HOSTS for line in self._address_lines(self.host_interface, host)),
            f"link set {self.host_interface} up",
            f"route add 0.0.0.0/0 via {self.address(4, 1)}",
            f"route add ::/0 via {self.address(6, 1)}",
        ]

    def _address_lines(self, interface: str, host: int) -> Iterator[str]:
        yield f"address add {self.address(4, host)}/24 dev {interface}"
        yield f"address add {self.address(6, host)}/64 dev {interface} nodad"


SUBSCRIBER = Link("edge-sub", "uplink", "45.83.16.", "2a0d:5600:16::")
INTERNET = Link("edge-net", "uplink", "45.83.64.", "2a0d:5600:64::")
# Behind the internet's host, for servers that want a port which a VPN daemon there holds.
BYSTANDER = Link("to-bystander", "uplink", "45.83.65.", "2a0d:5600:65::")


def pair(index: int, version: int, servers: Link = INTERNET) -> Ends:
    """The pair of outer addresses with this index, below PAIRS."""
    host = _HOSTS[index]
    return Ends(index, SUBSCRIBER.address(version, host), servers.address(version, host))


def pair_routes() -> list[str]:
    """On the subscriber: each server is reached from the client address of its own pair."""
    return [
        f"route add {ends.server} via {SUBSCRIBER.address(version, 1)} src {ends.client}"
        for version in _VERSIONS
        for servers in (INTERNET, BYSTANDER)
        for ends in (pair(index, version, servers) for index in range(PAIRS))
    ]


def bystander_routes() -> list[str]:
    """On the edge: the bystander lies behind the internet's host."""
    return [
        f"route add {BYSTANDER.network(version)} via {INTERNET.address(version, _FIRST_HOST)}" for version in _VERSIONS
    ]
