"""Counts what crosses the edge, at its two neighbours: independent of what the gateway says of itself."""

from __future__ import annotations

import contextlib
import ipaddress
import select
import selectors
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from lab.buffers import enlarge
from lab.signals import held_back
from lab.stage import addresses
from lab.stage.namespace import Namespace
from lab.stage.stage import Stage

_ETH_P_ALL = 3  # linux/if_ether.h; only such a socket sees what leaves
_SOL_PACKET = 263  # linux/socket.h
_PACKET_STATISTICS = 6  # linux/if_packet.h: packets and drops, two 32-bit numbers
_HEADER = 40  # bytes: an IPv6 header, or IPv4's fixed part
_IPV4, _IPV6 = 0x0800, 0x86DD
# ICMP and ICMPv6 are the network's own talk, and part of no session.
_ICMP = (1, 58)
_QUIET_SECONDS = 0.2


@dataclass(frozen=True)
class Crossing:
    """Packets to and from one server: those sent towards the edge, and those that came out behind it."""

    sent: int
    passed: int

    @property
    def dropped(self) -> int:
        """What went in and did not come out."""
        return self.sent - self.passed


class Watch:
    """Counts by server address while its context is entered."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._sent: Counter[bytes] = Counter()
        self._passed: Counter[bytes] = Counter()
        self._selector = selectors.DefaultSelector()
        self._alarm, self._bell = socket.socketpair()
        self._selector.register(self._bell, selectors.EVENT_READ)
        # At the subscriber the server is the far end of a packet, at the internet the near one.
        self._taps = {
            _tap(stage.subscriber, addresses.SUBSCRIBER.host_interface): True,
            _tap(stage.internet, addresses.INTERNET.host_interface): False,
        }
        self._thread = threading.Thread(target=self._work, name="lab-watch", daemon=True)

    def __enter__(self) -> Self:
        # Known to the stage before it runs: a Ctrl-C may come at any step, and its interfaces must not go first.
        self._stage.on_close(contextlib.closing(self))
        for tap in self._taps:
            self._selector.register(tap, selectors.EVENT_READ)
        with held_back():
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Count no more; may be called twice."""
        self._alarm.close()
        if self._thread.ident is not None:
            self._thread.join()
        for tap in self._taps:
            tap.close()
        self._bell.close()
        self._selector.close()

    def crossing(self, server: str) -> Crossing:
        """What has crossed to and from a server since the watch began; call `settle` first."""
        address = ipaddress.ip_address(server).packed
        return Crossing(self._sent[address], self._passed[address])

    def settle(self, servers: Iterable[str]) -> None:
        """Wait until nothing more comes in to or from some servers; RuntimeError when the watch missed packets."""
        before, packed = -1, [ipaddress.ip_address(server).packed for server in servers]
        while (now := sum(self._sent[server] + self._passed[server] for server in packed)) != before or self._unread():
            before = now
            time.sleep(_QUIET_SECONDS)
        for tap in self._taps:
            _, missed = struct.unpack("II", tap.getsockopt(_SOL_PACKET, _PACKET_STATISTICS, 8))
            if missed:
                raise RuntimeError(f"the watch missed {missed} packets: ask less, or raise its buffer")

    def _unread(self) -> bool:
        return bool(select.select(self._taps, (), (), 0)[0])

    def _work(self) -> None:
        while True:
            for key, _ in self._selector.select():
                if key.fileobj is self._bell:
                    return
                assert isinstance(key.fileobj, socket.socket)
                self._count(key.fileobj)

    def _count(self, tap: socket.socket) -> None:
        header, (_, protocol, kind, *_) = tap.recvfrom(_HEADER)
        if protocol == _IPV4 and header[9] not in _ICMP:
            source, target = header[12:16], header[16:20]
        elif protocol == _IPV6 and header[6] not in _ICMP:
            source, target = header[8:24], header[24:40]
        else:
            return
        outgoing = kind == socket.PACKET_OUTGOING
        counter = self._sent if outgoing else self._passed
        counter[target if outgoing == self._taps[tap] else source] += 1


def _tap(namespace: Namespace, interface: str) -> socket.socket:
    # Made deaf (protocol 0) and bound later, so that it hears this interface alone.
    tap = namespace.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0)
    enlarge(tap)
    tap.bind((interface, _ETH_P_ALL))
    return tap
