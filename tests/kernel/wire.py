"""Real packets: two ends of a cable in a namespace of their own, the program attached to the far one.

Test runs leave no traces by design, so whatever the program writes down is asked for by packets.
"""

import os
import socket
import time
from collections.abc import Iterable, Sequence
from types import TracebackType

from control.datapath.controls import Controls, Count
from control.datapath.program.pins import Pinned
from lab.stage.namespace import Namespace
from lab.waiting import PATIENCE

MTU = 2000  # the table's longest packet is longer than Ethernet's

Tally = dict[tuple[str, str, str], tuple[int, int]]
"""Packets and bytes by protocol, verdict and reason."""


class Wire:
    """A pair of veth; what is sent at one end reaches the program at the other in native mode."""

    def __init__(self, pinned: Pinned) -> None:
        self._pinned, self._controls = pinned, Controls(pinned)
        self._namespace = Namespace(f"wk-wire-{os.urandom(4).hex()}")

    def __enter__(self) -> "Wire":
        self._namespace.create()
        try:
            for scope in ("all", "default"):  # so that nothing is on the wire but what a test sends
                self._namespace.sysctl(f"ipv6/conf/{scope}/disable_ipv6", 1)
            self._namespace.ip_batch(
                [
                    f"link add near mtu {MTU} type veth peer name far mtu {MTU}",
                    f"link set far xdpdrv pinned {self._pinned.directory / 'program'}",
                    "link set near up",
                    "link set far up",
                ]
            )
            self._namespace.wait_for_carrier("near", "far")
            self._sender = self._namespace.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
            self._sender.bind(("near", 0))
        except BaseException:
            self._namespace.remove()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._sender.close()
        self._namespace.remove()

    def send(self, frames: Sequence[bytes]) -> Tally:
        """Send frames, wait until the program has counted them, and return what its counters grew by."""
        before = _tally(self._controls.counts())
        for frame in frames:
            self._sender.send(frame)
        deadline = time.monotonic() + PATIENCE
        while True:
            grown = _difference(_tally(self._controls.counts()), before)
            if sum(packets for packets, _ in grown.values()) >= len(frames) or time.monotonic() > deadline:
                return grown
            time.sleep(0.005)


def _tally(counts: Iterable[Count]) -> Tally:
    return {(count.protocol, count.verdict, count.reason): (count.packets, count.bytes) for count in counts}


def _difference(after: Tally, before: Tally) -> Tally:
    grown = {}
    for key, (packets, octets) in after.items():
        earlier = before.get(key, (0, 0))
        if packets > earlier[0]:
            grown[key] = (packets - earlier[0], octets - earlier[1])
    return grown
