"""The networks on both sides of the edge and the peers that talk over them, for namespaces and machines alike."""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import dataclass
from typing import Literal

Side = Literal["server", "client"]
SIDES: tuple[Side, Side] = ("server", "client")  # to be started in this order: a client is to find who listens
ROUTER = 1  # its host number on each link


@dataclass(frozen=True)
class Peers:
    """The two addresses between which something runs: a session, inside or outside, or ordinary traffic.

    Attributes:
        index: tells these peers, their inner addresses, devices and ports from those of others; below 250.
        client, server: IPv4 or IPv6, both of one version.
    """

    index: int
    client: str
    server: str

    @property
    def version(self) -> int:
        """4 or 6."""
        return ipaddress.ip_address(self.server).version

    @property
    def family(self) -> socket.AddressFamily:
        """What sockets between these peers are made with."""
        return socket.AF_INET6 if self.version == 6 else socket.AF_INET

    @property
    def server_in_url(self) -> str:
        """The server as it stands before a port (RFC 3986, section 3.2.2)."""
        return f"[{self.server}]" if self.version == 6 else self.server

    @property
    def inner(self) -> Peers:
        """The same two inside their tunnel. The edge has no way to 10.200.0.0/16: what comes back came through."""
        return Peers(self.index, f"10.200.{self.index}.2", f"10.200.{self.index}.1")

    def seen_from(self, side: Side) -> tuple[str, str]:
        """The address of this side and that of the other."""
        return (self.client, self.server) if side == "client" else (self.server, self.client)

    def route(self, way: str) -> str:
        """A line for `ip -batch`: the server is reached this way ("via …", "dev …"), from the client's address."""
        return f"route replace {self.server} {way} src {self.client}"

    def route_back(self, way: str) -> str:
        """The same the other way round: a server that has forgotten by which address it was asked uses its own."""
        return f"route replace {self.client} {way} src {self.server}"


@dataclass(frozen=True)
class Link:
    """A network between a router, which is its first host, and a host with many addresses.

    Attributes:
        network4, network6: its prefixes.
        router_interface, host_interface: what the interfaces at its two ends are called.
    """

    network4: str
    network6: str
    router_interface: str
    host_interface: str

    def network(self, version: int) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
        """The prefix of one version."""
        return ipaddress.ip_network(self.network6 if version == 6 else self.network4)

    def address(self, version: int, host: int) -> str:
        """The address of a host."""
        return str(self.network(version)[host])

    def router(self, version: int) -> str:
        """The address of the router."""
        return self.address(version, ROUTER)
