"""The stage's addresses and ways.

They look public, for an address check refuses documentation and private space, but exist inside the
namespaces only.
"""

from __future__ import annotations

from collections.abc import Iterator

from lab.network import ROUTER, Link, Peers

# Every session and every kind of ordinary traffic has peers of its own.
PAIRS = 48
_FIRST_HOST = 10
_HOSTS = range(_FIRST_HOST, _FIRST_HOST + PAIRS)
_VERSIONS = (4, 6)

SUBSCRIBER = Link("45.83.16.0/24", "2a0d:5600:16::/64", "edge-sub", "uplink")
INTERNET = Link("45.83.64.0/24", "2a0d:5600:64::/64", "edge-net", "uplink")
# Behind the internet's host, for servers that want a port which a VPN daemon there holds.
BYSTANDER = Link("45.83.65.0/24", "2a0d:5600:65::/64", "to-bystander", "uplink")


def pair(index: int, version: int, servers: Link = INTERNET) -> Peers:
    """The peers with this index, below PAIRS."""
    host = _HOSTS[index]
    return Peers(index, SUBSCRIBER.address(version, host), servers.address(version, host))


def router_lines(link: Link) -> list[str]:
    """What `ip -batch` does on the router of a link."""
    return [*_address_lines(link, link.router_interface, ROUTER), f"link set {link.router_interface} up"]


def host_lines(link: Link) -> list[str]:
    """What `ip -batch` does on the host of a link: its addresses, and a default way over the router."""
    return [
        *(line for host in _HOSTS for line in _address_lines(link, link.host_interface, host)),
        f"link set {link.host_interface} up",
        f"route add 0.0.0.0/0 via {link.router(4)}",
        f"route add ::/0 via {link.router(6)}",
    ]


def pair_routes() -> list[str]:
    """On the subscriber: each server is reached from the client address of its own pair."""
    return [
        pair(index, version, servers).route(f"via {SUBSCRIBER.router(version)}")
        for version in _VERSIONS
        for servers in (INTERNET, BYSTANDER)
        for index in range(PAIRS)
    ]


def server_routes() -> list[str]:
    """On the internet: each client is reached from the server address of its own pair.

    WireGuard asks anew from whatever address the system takes when it has not heard from its peer for 15 s, as on a
    machine without a processor to spare; of a server with one address that is the registered one.
    """
    return [
        pair(index, version).route_back(f"via {INTERNET.router(version)}")
        for version in _VERSIONS
        for index in range(PAIRS)
    ]


def bystander_routes() -> list[str]:
    """On the edge: the bystander lies behind the internet's host."""
    return [
        f"route add {BYSTANDER.network(version)} via {INTERNET.address(version, _FIRST_HOST)}" for version in _VERSIONS
    ]


def _address_lines(link: Link, interface: str, host: int) -> Iterator[str]:
    yield f"address add {link.address(4, host)}/{link.network(4).prefixlen} dev {interface}"
    yield f"address add {link.address(6, host)}/{link.network(6).prefixlen} dev {interface} nodad"
