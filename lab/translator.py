"""NAT64 by Debian's tayga in a namespace of a stage: subscribers with IPv6 alone reach servers that have IPv4 alone."""

from __future__ import annotations

import ipaddress

from lab.network import Peers
from lab.stage import addresses
from lab.stage.namespace import Namespace
from lab.stage.stage import Stage
from lab.waiting import wait_until_ready

WELL_KNOWN = "64:ff9b::/96"  # RFC 6052, section 2.1
_UNUSED = 8  # the octet behind bit 63, which is zero: section 2.2


def embedded(prefix: str, address: str) -> str:
    """An IPv4 address inside a prefix, as RFC 6052, section 2.2, puts it there."""
    network, inside = ipaddress.IPv6Network(prefix), ipaddress.IPv4Address(address).packed
    octets = bytearray(network.network_address.packed)
    at = network.prefixlen // 8
    for octet in inside:
        at += at == _UNUSED
        octets[at] = octet
        at += 1
    return str(ipaddress.IPv6Address(bytes(octets)))


class Translator:
    """One tayga with one prefix; each subscriber gets an IPv4 address of the translator's own."""

    def __init__(self, stage: Stage, namespace: Namespace, prefix: str, number: int) -> None:
        """`number`, below 64, tells it from others on the stage."""
        self.prefix = prefix
        self._stage, self._namespace = stage, namespace
        self._device, self._pool = f"nat64-{number}", ipaddress.ip_network(f"100.{64 + number}.0.0/24")
        self._seen: list[tuple[Peers, Peers]] = []

    def peers(self) -> tuple[Peers, Peers]:
        """A subscriber and a server of the internet, as the subscriber sees them, and as the server does."""
        subscriber = self._stage.take_peers(6)
        index, server = subscriber.index, addresses.pair(subscriber.index, 4).server
        before = Peers(index, subscriber.client, embedded(self.prefix, server))
        behind = Peers(index, str(self._pool[10 + index]), server)
        self._seen.append((before, behind))
        return before, behind

    def start(self) -> None:
        """Translate for all peers that were taken, and have the stage find the ways."""
        stage, internet = self._stage, self._stage.internet
        file = stage.directory / f"{self._device}.conf"
        maps = (f"map {behind.client} {before.client}" for before, behind in self._seen)
        # An address of its own outside of the prefix, which of the well-known one would have to be global.
        own = (f"ipv4-addr {self._pool[1]}", f"ipv6-addr 2a0d:5600:ff::{self._pool[1]}")
        file.write_text("\n".join((f"tun-device {self._device}", *own, f"prefix {self.prefix}", *maps)) + "\n")
        command = ("tayga", "--nodetach", "--config", str(file), "--pidfile", str(file.with_suffix(".pid")))
        tayga = stage.spawn(self._namespace, *command, log=self._device)
        wait_until_ready([tayga], lambda: self._namespace.has(self._device), f"{self._device} is there")
        self._namespace.ip_batch(
            [
                f"link set {self._device} up",
                f"route add {self.prefix} dev {self._device}",
                f"route add {self._pool} dev {self._device}",
            ]
        )
        if self._namespace == internet:
            stage.edge.ip_batch([f"route add {self.prefix} via {addresses.pair(0, 6).server}"])
        way = f"dev {self._device}" if self._namespace == internet else f"via {addresses.INTERNET.router(4)}"
        internet.ip_batch(behind.route_back(way) for _, behind in self._seen)
        stage.subscriber.ip_batch(before.route(f"via {addresses.SUBSCRIBER.router(6)}") for before, _ in self._seen)
