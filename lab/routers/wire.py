"""What one router sends to the other, and what of it arrives behind the gateway's program: counted on the link."""

from __future__ import annotations

import ipaddress
import socket
from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

from lab.stage.namespace import Namespace
from lab.stage.stage import Stage
from lab.stage.taps import ICMP, IPV4, IPV6, Crossing, Taps

_HEADER = 64  # bytes: IPv4's longest header, or IPv6's, and ports behind it
_IPV6_HEADER = 40
_AT_SENDER = 0  # the first tap
_WITH_PORTS = (socket.IPPROTO_UDP, socket.IPPROTO_TCP)


class Flow(NamedTuple):
    """What tells one kind of packets from another: addresses, IP protocol, destination port (0: it has none)."""

    source: str
    target: str
    protocol: int
    port: int

    @property
    def version(self) -> int:
        """4 or 6."""
        return ipaddress.ip_address(self.target).version

    @property
    def stays_on_the_link(self) -> bool:
        """Whether it goes to a link-local address, or to a group that no router forwards to (RFC 4291, section 2.7)."""
        return self.target.startswith(("fe80:", "ff02:"))


class Wire(Taps):
    """Counts packets that leave a namespace on an interface, and those that arrive at the other end of it.

    A packet socket sees what arrives after a native program has passed it: of what is dropped it sees nothing.
    """

    def __init__(self, stage: Stage, sender: tuple[Namespace, str], receiver: tuple[Namespace, str]) -> None:
        super().__init__(stage, (sender, receiver), _HEADER)
        self._sent: Counter[Flow] = Counter()
        self._arrived: Counter[Flow] = Counter()

    def crossing(self, of: Callable[[Flow], bool]) -> Crossing:
        """What was sent, and what arrived, of some flows since the wire is watched."""
        sent, arrived = dict(self._sent), Counter(self._arrived)
        flows = [flow for flow in sent if of(flow)]
        return Crossing(sum(sent[flow] for flow in flows), sum(arrived[flow] for flow in flows))

    def flows(self) -> list[Flow]:
        """Everything that was sent."""
        return list(dict(self._sent))

    def count(self, tap: int, kind: int, protocol: int, header: bytes) -> None:
        if (tap == _AT_SENDER) != (kind == socket.PACKET_OUTGOING):
            return
        if (flow := _flow(protocol, header)) is not None:
            (self._sent if tap == _AT_SENDER else self._arrived)[flow] += 1


def _flow(ethernet: int, header: bytes) -> Flow | None:
    if ethernet == IPV4:
        protocol, source, target, behind = header[9], header[12:16], header[16:20], (header[0] & 15) * 4
    elif ethernet == IPV6:
        protocol, source, target, behind = header[6], header[8:24], header[24:40], _IPV6_HEADER
    else:
        return None
    if protocol in (*ICMP, socket.IPPROTO_HOPOPTS):  # the network's own talk: neighbour and listener discovery
        return None
    port = int.from_bytes(header[behind + 2 : behind + 4], "big") if protocol in _WITH_PORTS else 0
    return Flow(str(ipaddress.ip_address(source)), str(ipaddress.ip_address(target)), protocol, port)
