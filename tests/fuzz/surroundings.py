"""What an edge can be told, beside the situations of tests/kernel, and packets to ask it about: for the coverage."""

from collections.abc import Callable, Iterator
from ipaddress import IPv4Address, IPv6Network, ip_address, ip_network
from typing import NamedTuple

import numpy as np

from control.allowlist.allowlist import Allowlist
from control.allowlist.columnar import of_ipv4
from control.allowlist.entry import Entry
from control.allowlist.mapped import Address
from control.allowlist.nat64 import around
from control.datapath.generations.parts.hosts4 import NARROW_FROM
from control.datapath.probe.frames import frame
from control.datapath.program.maps import array
from control.vocabulary import VPN_PROTOCOLS, constant
from lab.packets import CLIENT4, CLIENT6, SERVER4, SERVER6
from tests.kernel.situations import FAR_AWAY, SITUATIONS, Edge
from tests.kernel.test_lookup import CROWD, CROWD6

NAT64 = [IPv6Network(text) for text in ("2001:db8:64::/48", "2001:db8:6400::/40", "64:ff9b::/96", "2001:db9::/32")]
NAT64 += [IPv6Network("2001:db8:64:6400::/56"), IPv6Network("2001:db8:64:64::/64")]

PREFIXES = [
    Entry(ip_network(text)) for text in ("203.0.113.0/28", "203.0.0.0/16", "2001:db8:2::/48", "2001:db8:9::/50")
]
NARROWED = [
    Entry(ip_network("203.0.113.5/32"), ("wireguard",), ((51820, 51820), (1, 1000))),
    Entry(ip_network("203.0.113.0/24"), ("openvpn", "ike")),
    Entry(ip_network("2001:db8:2::/64"), (), ((500, 500),)),
    Entry(ip_network("198.51.100.0/24"), ("gre_pptp", "esp")),
]
EVERY_LENGTH = [Entry(ip_network((0x0A000000, length), strict=False)) for length in range(1, 33)]
EVERY_LENGTH += [Entry(ip_network((0xFD << 120, length), strict=False)) for length in range(1, 129)]
MANY = np.arange(NARROW_FROM, dtype=np.uint32) + np.uint32(0x64400000)  # 100.64.0.0/10, between provider and subscriber
LARGE = Allowlist.from_rows(of_ipv4(MANY)).with_changes(
    add=Allowlist.from_entries([*CROWD, *CROWD6, *NARROWED, *PREFIXES]), remove=Allowlist.empty()
)
"""So many that a filter is asked, and that IPv4's buckets are narrow."""


class Surroundings(NamedTuple):
    """An edge as somebody has left it.

    Attributes:
        name: it in words.
        prepare: makes it so.
    """

    name: str
    prepare: Callable[[Edge], None]


def _with(entries: list[Entry] | Allowlist, share: int = 50) -> Callable[[Edge], None]:
    def prepare(edge: Edge) -> None:
        SITUATIONS[2].prepare(edge)  # as fuzzed: enforced, nobody registered
        edge.set_all("enforce", share)
        edge.register(entries)
        edge.network.translate(NAT64)

    return prepare


def _after(narrowed: list[Entry], share: int = 100) -> Callable[[Edge], None]:
    """These were cut lately."""

    def prepare(edge: Edge) -> None:
        _with(FAR_AWAY, share)(edge)
        edge.lists.watch_cut(Allowlist.from_entries(narrowed))

    return prepare


def _cut_is_gone(edge: Edge) -> None:
    """What was cut lately is said to be in a slot that has nothing."""
    _with(FAR_AWAY)(edge)
    edge.lists.watch_cut(Allowlist.empty())
    array(edge.pinned, "controls")["cut"] = constant("GENERATIONS")


def _cut_is_back(edge: Edge) -> None:
    array(edge.pinned, "controls")["cut"] = 0
    _with(FAR_AWAY)(edge)


def _sampling(rate: int, responders: bool) -> Callable[[Edge], None]:
    def prepare(edge: Edge) -> None:
        _with(NARROWED)(edge)
        edge.controls.set_sampling(rate, responders)

    return prepare


def surroundings() -> Iterator[Surroundings]:
    """Yield every one, in an order in which they can be made."""
    for situation in SITUATIONS:
        yield Surroundings(situation.name, situation.prepare)
    yield Surroundings("a bucket overflowed", _with(CROWD))
    yield Surroundings("IPv6 buckets overflowed", _with([*CROWD6[:-1], *CROWD]))
    yield Surroundings("a large list", _with(LARGE))
    yield Surroundings("prefixes of several lengths", _with([*PREFIXES, *CROWD[:3]]))
    yield Surroundings("narrowed entries", _with(NARROWED))
    yield Surroundings("an empty list", _with(Allowlist.empty()))
    yield Surroundings("every packet sampled", _sampling(1, responders=False))
    yield Surroundings("every packet sampled, and its responder", _sampling(1, responders=True))
    yield Surroundings("few packets sampled", _sampling(1000, responders=True))
    yield Surroundings("nobody registered, half of the flows", _with(FAR_AWAY))
    yield Surroundings("every length of a prefix", _with([*EVERY_LENGTH, *CROWD[:-1]]))
    yield Surroundings("narrowed entries were cut", _after(NARROWED))
    yield Surroundings("what was cut is gone", _cut_is_gone)
    yield Surroundings("nothing was cut", _cut_is_back)


def asked() -> list[bytes]:
    """Return a packet of each protocol between all kinds of ends."""
    hosts: list[Address] = [entry.prefix[0] for entry in (*CROWD, *CROWD6)]
    hosts += [IPv4Address(int(host)) for host in MANY[:: len(MANY) // 7]]
    hosts += [SERVER4, *map(ip_address, ("203.0.113.9", "203.0.113.77", "203.0.9.9", "192.0.2.99", "0.0.0.0"))]
    hosts += map(ip_address, ("224.0.0.5", "169.254.7.7", "255.255.255.255", "ff02::5", "fe80::7", "::", "::1"))
    hosts += [SERVER6, *map(ip_address, ("2001:db8:9::1", "2001:db8:9:8000::1", "2001:db8:77::1"))]
    for prefix in NAT64:
        hosts += (around(prefix, IPv4Address(host)) for host in (SERVER4, CROWD[0].prefix[0], "192.0.2.99"))
        hosts.append(ip_address(int(prefix[0]) | 0xFF << 56))  # the bits that are to be zero are not
    clients: dict[int, Address] = {4: CLIENT4, 6: CLIENT6}
    frames = []
    for host in hosts:
        client = clients[host.version]
        for name in VPN_PROTOCOLS:
            frames += [frame(name, client, host), frame(name, host, client)]
        frames.append(frame("wireguard", client, host, 999))
    return frames
