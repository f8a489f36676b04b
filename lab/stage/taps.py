"""Counts packets where they leave and where they arrive: independent of what the gateway says of itself."""

from __future__ import annotations

import contextlib
import select
import selectors
import socket
import struct
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from lab.buffers import enlarge
from lab.signals import held_back
from lab.stage.namespace import Namespace
from lab.stage.stage import Stage

IPV4, IPV6 = 0x0800, 0x86DD
# ICMP and ICMPv6 are the network's own talk, and part of no session.
ICMP = (1, 58)
_ETH_P_ALL = 3  # linux/if_ether.h; only such a socket sees what leaves
_SOL_PACKET = 263  # linux/socket.h
_PACKET_STATISTICS = 6  # linux/if_packet.h: packets and drops, two 32-bit numbers
_QUIET_SECONDS = 0.2


@dataclass(frozen=True)
class Crossing:
    """Packets that were sent towards the edge, and those of them that it took in, or that came out behind it."""

    sent: int
    passed: int

    @property
    def dropped(self) -> int:
        """What went in and did not come out."""
        return self.sent - self.passed


class Taps(ABC):
    """Packet sockets on some interfaces of a stage, and a thread that counts while the context is entered."""

    def __init__(self, stage: Stage, taps: Sequence[tuple[Namespace, str]], header: int) -> None:
        """`header` is how many bytes of a packet, from its IP header on, are read."""
        self._stage, self._header = stage, header
        self._selector = selectors.DefaultSelector()
        self._alarm, self._bell = socket.socketpair()
        self._selector.register(self._bell, selectors.EVENT_READ)
        self._taps = [_tap(namespace, interface) for namespace, interface in taps]
        self._thread = threading.Thread(target=self._work, name="lab-watch", daemon=True)

    def __enter__(self) -> Self:
        # Known to the stage before it runs: a Ctrl-C may come at any step, and its interfaces must not go first.
        self._stage.on_close(contextlib.closing(self))
        for number, tap in enumerate(self._taps):
            self._selector.register(tap, selectors.EVENT_READ, number)
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

    def settle_on(self, counted: Callable[[], int]) -> None:
        """Wait until a count stands still; RuntimeError when a tap missed packets."""
        before = -1
        while (now := counted()) != before or self._unread():
            before = now
            time.sleep(_QUIET_SECONDS)
        for tap in self._taps:
            _, missed = struct.unpack("II", tap.getsockopt(_SOL_PACKET, _PACKET_STATISTICS, 8))
            if missed:
                raise RuntimeError(f"the watch missed {missed} packets: ask less, or raise its buffer")

    @abstractmethod
    def count(self, tap: int, kind: int, protocol: int, header: bytes) -> None:
        """Count a packet that a tap, by its place in the list, has seen.

        `kind` is how it came (PACKET_OUTGOING, …: packet(7)), `protocol` the Ethernet's.
        """

    def _unread(self) -> bool:
        return bool(select.select(self._taps, (), (), 0)[0])

    def _work(self) -> None:
        while True:
            for key, _ in self._selector.select():
                if key.fileobj is self._bell:
                    return
                assert isinstance(key.fileobj, socket.socket)
                header, (_, protocol, kind, *_) = key.fileobj.recvfrom(self._header)
                self.count(key.data, kind, protocol, header)


def _tap(namespace: Namespace, interface: str) -> socket.socket:
    # Made deaf (protocol 0) and bound later, so that it hears this interface alone.
    tap = namespace.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0)
    enlarge(tap)
    tap.bind((interface, _ETH_P_ALL))
    return tap
