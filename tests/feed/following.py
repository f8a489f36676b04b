"""Edges that follow a feed, and what to wait for."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from control.edge.contact import Contact
from control.edge.edge import Edge
from control.edge.follower import Follower
from control.edge.verbs import answer
from control.feed.database import RegistryFeed
from control.feed.feed import Feed
from lab.waiting import wait_for
from tests.edge.place import Place, is_let_through, listed

LOCAL = listed(["192.0.2.1", "10.0.0.2"])
"""What the edge's own list has: an address of its own, and one that the registry has too."""

NAME = "edge of the tests"
POLL = 0.2  # s


@contextmanager
def following(place: Place, feed: Feed | str) -> Iterator[Edge]:
    """Start an edge that follows a feed, or the registry at a URL."""
    with place.edge() as edge:
        source = RegistryFeed(feed, NAME) if isinstance(feed, str) else feed
        follower = Follower(edge, source, Contact("the tests' registry", NAME), POLL)
        follower.start()
        try:
            yield edge
        finally:
            follower.stop()


def until(holds: Callable[[], Any]) -> None:
    """Wait until something holds."""
    wait_for(holds, "it comes about")


def status(edge: Edge) -> dict[str, Any]:
    return answer(edge, {"verb": "status"}, b"")[0]


def trouble(edge: Edge) -> str:
    assert edge.contact
    return edge.contact.trouble or ""


def let_through(edge: Edge, *addresses: str) -> list[bool]:
    """Which addresses the kernel takes for registered ends'."""
    return [is_let_through(edge, address) for address in addresses]


def is_whole(edge: Edge) -> bool:
    """Whether kernel and edge hold the same union, under its own serial."""
    live = edge.datapath.lists.live
    return (
        live is not None
        and live.holds(edge.live.union.whole())
        and len(edge.live.union.whole()) == edge.live.union.count
        and live.serial == edge.live.number
    )
