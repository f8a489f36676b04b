"""The two routers on a stage: the edge, whose interfaces are guarded, and its neighbour on the internet's side."""

from __future__ import annotations

import contextlib
import json
import socket
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor

from lab.command import run
from lab.network import Peers
from lab.routers.adjacencies import adjacencies, amiss
from lab.routers.configuration import EDGE, LEARNED, NEIGHBOUR
from lab.routers.ipsec import ALGORITHMS, End, ProtectedLink, station
from lab.routers.keepalived import GROUP, Keepalived
from lab.routers.packets import Row
from lab.routers.router import Router
from lab.routers.wire import Flow, Wire
from lab.stage import addresses
from lab.stage.namespace import Namespace
from lab.stage.stage import Stage
from lab.stage.taps import IPV4, IPV6, Crossing
from lab.waiting import wait_for

_SPI = 300  # of the first protected link; up to 255 are reserved (RFC 4303, section 2.1)
_HOST = 10  # of the network that the edge learns of
_BITS = {4: 32, 6: 128}
_OSPF, _PIM, _VRRP = 89, 103, 112  # IANA's protocol numbers
_BFD_PORT = 3784  # RFC 5881, section 4

TALK: dict[str, Callable[[Flow], bool]] = {
    "OSPFv2": lambda flow: flow.protocol == _OSPF and flow.version == 4,
    "OSPFv3": lambda flow: flow.protocol == _OSPF and flow.version == 6,
    "OSPFv3 in AH": lambda flow: flow.protocol == socket.IPPROTO_AH and flow.stays_on_the_link,
    "OSPFv3 in ESP": lambda flow: flow.protocol == socket.IPPROTO_ESP and flow.stays_on_the_link,
    "BFD": lambda flow: flow.protocol == socket.IPPROTO_UDP and flow.port == _BFD_PORT,
    "PIM": lambda flow: flow.protocol == _PIM,
    "VRRP, IPv4": lambda flow: flow.protocol == _VRRP and flow.version == 4,
    "VRRP, IPv6": lambda flow: flow.protocol == _VRRP and flow.version == 6,
    "VRRP in AH": lambda flow: flow.protocol == socket.IPPROTO_AH and flow.target == GROUP,
}
"""What the neighbour's daemons say to the edge by themselves."""
SELDOM = ("VRRP, IPv4", "VRRP, IPv6", "VRRP in AH")
"""What of it is said every five seconds."""
OFTEN = tuple(name for name in TALK if name not in SELDOM)
"""What of it is said every second, or oftener."""


class Routers:
    """FRR and keepalived on both, and the link between them watched, as long as their stage stands."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self._edge, self._neighbour = (stage.edge, EDGE.interface), (stage.internet, NEIGHBOUR.interface)
        self._ours, self._theirs = (_address(*end) for end in (self._edge, self._neighbour))
        self.wire = Wire(stage, self._neighbour, self._edge)
        self.wire.__enter__()
        ends = (End(*self._edge, self._theirs), End(*self._neighbour, self._ours))
        for number, algorithm in enumerate(ALGORITHMS):
            stage.on_close(ProtectedLink(ends, algorithm, _SPI + number))
        stage.internet.ip_batch(f"address add {LEARNED.address(v, _HOST)}/{bits} dev lo" for v, bits in _BITS.items())
        self.edge, self.neighbour = Router(stage, stage.edge, "edge"), Router(stage, stage.internet, "neighbour")

    def start(self) -> None:
        """Start everything, the neighbour first, which is VRRP's master."""
        stage = self.stage
        ends = ((self.neighbour, NEIGHBOUR, stage.internet), (self.edge, EDGE, stage.edge))
        for router, site, namespace in ends:
            namespace.ip_batch(site.macvlans)
            router.start(site.daemons)
        self.neighbours_keepalived = Keepalived(stage, *self._neighbour, master=True)
        self.edges_keepalived = Keepalived(stage, *self._edge, master=False)

    def stand(self) -> dict[str, str]:
        """How everything stands that they share, by name."""
        last = (self.edges_keepalived.turns or ["nothing"])[-1]
        return adjacencies(self.edge, self.neighbour) | {"VRRP in AH": "Backup" if last == "backup" else last}

    def settle(self) -> None:
        """Wait until everything is up, then have routers wait for longer before they take each other for dead.

        Raises:
            TimeoutError: it is not; says how it stands.
        """
        try:
            wait_for(lambda: not amiss(self.stand()), "everything is up", pause=0.2)
        except TimeoutError as fault:
            raise TimeoutError(f"{fault}: {amiss(self.stand())}") from None
        # Both at once: while they differ, neither takes the other's hellos (RFC 2328, section 10.5).
        with ThreadPoolExecutor(2) as tellers:
            told = ((self.neighbour, NEIGHBOUR), (self.edge, EDGE))
            list(tellers.map(lambda each: each[0].tell(*each[1].patience), told))

    def talk(self) -> dict[str, Crossing]:
        """What the neighbour's daemons have said, and what of it has arrived, by its name in TALK.

        They never pause: of what is on its way just now one tap knows, and the other does not yet. So it is told as of
        a moment in which as much has arrived as was sent, if one comes, which it does not once anything was lost.
        """
        with contextlib.suppress(TimeoutError):
            return wait_for(self._arrived, "all that was said has arrived")
        return self._talk()

    def _arrived(self) -> dict[str, Crossing] | None:
        looks = [self._talk(), self._talk()]
        return looks[-1] if all(each.sent == each.passed for look in looks for each in look.values()) else None

    def _talk(self) -> dict[str, Crossing]:
        return {name: self.wire.crossing(of) for name, of in TALK.items()}

    def hear(self, names: Iterable[str], times: int = 2) -> None:
        """Wait until the neighbour has said each of some things so many times more, whether it arrives or not."""
        before = self.talk()
        wanted = {name: before[name].sent + times for name in names}
        wait_for(
            lambda: all(self.talk()[name].sent >= sent for name, sent in wanted.items()), f"they are said: {wanted}"
        )

    def say(self, rows: Iterable[Row], times: int) -> dict[str, Crossing]:
        """Say every row so many times to the edge, from the neighbour; what of each arrived, by its name."""
        rows = list(rows)
        before = {row: self._crossing(row) for row in rows}
        namespace, interface = self._neighbour
        with namespace.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0) as sender:
            for row in rows * times:
                ethernet = IPV6 if ":" in row.target else IPV4
                sender.sendto(row.packet, (interface, ethernet, 0, 0, station(row.target, self._ours)))
        # What is sent to a veth has been decided on when sendto returns; the taps may still have to read it.
        wait_for(lambda: all(self._crossing(row).sent >= before[row].sent + times for row in rows), "all is sent")
        self.wire.settle_on(lambda: sum(self._crossing(row).passed for row in rows))
        after = {row: self._crossing(row) for row in rows}
        return {
            row.name: Crossing(after[row].sent - before[row].sent, after[row].passed - before[row].passed)
            for row in rows
        }

    def peers(self, version: int) -> Peers:
        """A subscriber, and a server in the network to which the edge knows no way but what OSPF tells it."""
        subscriber = self.stage.take_peers(version)
        peers = Peers(subscriber.index, subscriber.client, LEARNED.address(version, _HOST))
        self.stage.subscriber.ip_batch([peers.route(f"via {addresses.SUBSCRIBER.router(version)}")])
        self.stage.internet.ip_batch([peers.route_back(f"via {addresses.INTERNET.router(version)}")])
        return peers

    def _crossing(self, row: Row) -> Crossing:
        return self.wire.crossing(lambda flow: (flow.source, flow.target) == (row.source, row.target))


def _address(namespace: Namespace, interface: str) -> bytes:
    """The link-layer address of an interface."""
    (link,) = json.loads(run(*namespace.enter(), "ip", "-json", "link", "show", "dev", interface))
    return bytes.fromhex(link["address"].replace(":", ""))
