"""Counts what crosses the edge, at its two neighbours, by the server to or from which it goes."""

from __future__ import annotations

import ipaddress
import socket
from collections import Counter
from collections.abc import Iterable

from lab.stage import addresses
from lab.stage.stage import Stage
from lab.stage.taps import ICMP, IPV4, IPV6, Crossing, Taps

_HEADER = 40  # bytes: an IPv6 header, or IPv4's fixed part
_AT_SUBSCRIBER = 0  # the tap where the server is the far end of a packet; at the internet it is the near one


class Watch(Taps):
    """Counts by server address while its context is entered."""

    def __init__(self, stage: Stage) -> None:
        taps = (
            (stage.subscriber, addresses.SUBSCRIBER.host_interface),
            (stage.internet, addresses.INTERNET.host_interface),
        )
        super().__init__(stage, taps, _HEADER)
        self._sent: Counter[bytes] = Counter()
        self._passed: Counter[bytes] = Counter()

    def crossing(self, server: str) -> Crossing:
        """What has crossed to and from a server since the watch began; call `settle` first."""
        address = ipaddress.ip_address(server).packed
        return Crossing(self._sent[address], self._passed[address])

    def settle(self, servers: Iterable[str]) -> None:
        """Wait until nothing more comes in to or from some servers; RuntimeError when the watch missed packets."""
        packed = [ipaddress.ip_address(server).packed for server in servers]
        self.settle_on(lambda: sum(self._sent[server] + self._passed[server] for server in packed))

    def count(self, tap: int, kind: int, protocol: int, header: bytes) -> None:
        if protocol == IPV4 and header[9] not in ICMP:
            source, target = header[12:16], header[16:20]
        elif protocol == IPV6 and header[6] not in ICMP:
            source, target = header[8:24], header[24:40]
        else:
            return
        outgoing = kind == socket.PACKET_OUTGOING
        counter = self._sent if outgoing else self._passed
        counter[target if outgoing == (tap == _AT_SUBSCRIBER) else source] += 1
