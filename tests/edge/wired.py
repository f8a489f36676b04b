"""An edge in a network namespace of its own, with a cable through which real packets reach its program."""

import os
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

from control.commands.interfaces import Attached, InterfaceState
from control.edge.edge import Edge
from lab.stage.namespace import Namespace
from tests.edge.place import Place

Result = TypeVar("Result")


@dataclass
class Wired:
    """What a test has in hand: ``near`` is the sender's end of the cable, ``far`` the edge's."""

    namespace: Namespace
    place: Place

    @contextmanager
    def edge(self) -> Iterator[Edge]:
        """Start an edge in the namespace, and end it as an agent ends."""
        edge = self.inside(lambda: Edge.open(self.place.config))
        try:
            yield edge
        finally:
            edge.close()

    def inside(self, work: Callable[[], Result]) -> Result:
        return self.namespace.inside(work)

    def ip(self, *lines: str) -> None:
        self.namespace.ip_batch(lines)

    def attach(self, edge: Edge, name: str = "far", mode: str = "native") -> Attached:
        with edge.turn() as turn:
            return self.inside(lambda: edge.interfaces.attach(turn, name, mode))

    def detach(self, edge: Edge, name: str | None = None) -> list[str]:
        with edge.turn() as turn:
            return self.inside(lambda: edge.interfaces.detach(turn, name))

    def states(self, edge: Edge) -> dict[str, InterfaceState]:
        return {state.name: state for state in self.inside(edge.interfaces.states)}

    def send(self, frames: Sequence[bytes]) -> None:
        """Send frames to the edge; veth hands them over before it returns."""
        self.namespace.wait_for_carrier("near", "far")
        with self.namespace.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as sender:
            sender.bind(("near", 0))
            for frame in frames:
                sender.send(frame)


@contextmanager
def cable() -> Iterator[Namespace]:
    """A namespace with both ends of a cable, near and far, and nothing on it but what is sent."""
    namespace = Namespace(f"wk-edge-{os.urandom(4).hex()}")
    namespace.create()
    try:
        for scope in ("all", "default"):
            namespace.sysctl(f"ipv6/conf/{scope}/disable_ipv6", 1)
        namespace.ip_batch(["link add near type veth peer name far", "link set near up", "link set far up"])
        namespace.wait_for_carrier("near", "far")
        yield namespace
    finally:
        namespace.remove()


@contextmanager
def wired(place: Place) -> Iterator[Wired]:
    """A cable, and a place for the edge at its far end."""
    with cable() as namespace:
        yield Wired(namespace, place)
