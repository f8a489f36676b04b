"""Edges that follow a feed, and what to wait for."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from control.allowlist.allowlist import Allowlist
from control.allowlist.digest import Digest
from control.commands.held import FEED, HeldDecided, ReleaseHeld
from control.commands.status import Status
from control.edge.commands import held as commands
from control.edge.commands.status import read
from control.edge.contact import FeedContact
from control.edge.edge import Edge
from control.edge.follower import Follower
from control.feed.database import RegistryFeed
from control.feed.feed import Delta, Feed, Snapshot
from control.rollout.position import Position
from lab.waiting import wait_for
from tests.edge.place import Place, is_let_through, listed

LOCAL = listed(["192.0.2.1", "10.0.0.2"])
"""What the edge's own list has: an address of its own, and one that the registry has too."""

NAME = "edge of the tests"
POLL = 0.2  # s


@contextmanager
def following(place: Place, feed: Feed | str) -> Iterator[Edge]:
    """Start an edge that follows a feed, or the registry at a URL."""
    with place.edge() as edge, followed(edge, feed):
        yield edge


@contextmanager
def followed(edge: Edge, feed: Feed | str) -> Iterator[None]:
    """Have an edge that there is follow a feed, or the registry at a URL."""
    source = RegistryFeed(feed, NAME) if isinstance(feed, str) else feed
    follower = Follower(edge, source, FeedContact("the tests' registry", NAME), POLL)
    follower.start()
    try:
        yield
    finally:
        follower.stop()


def whole(entries: Allowlist, position: Position, *, goes_on: bool = True) -> Snapshot:
    """What a feed says whose whole list this is."""
    sha256 = hashlib.sha256(entries.pack()).hexdigest()
    return Snapshot(position, len(entries), str(Digest.of(entries)), sha256, entries, goes_on)


def changed(before: Allowlist, add: Allowlist, remove: Allowlist, position: Position) -> Delta:
    """What a feed says that changes its list."""
    after = before.with_changes(add, remove)
    sha256 = hashlib.sha256(add.pack() + remove.pack()).hexdigest()
    return Delta(position, len(after), str(Digest.of(after)), sha256, add, remove)


def until(holds: Callable[[], Any]) -> None:
    """Wait until something holds."""
    wait_for(holds, "it comes about")


def status(edge: Edge) -> Status:
    return read(edge)


def lag(edge: Edge) -> float:
    """For how many seconds the feed may have had something that is not live, as the status says."""
    feed = status(edge).feed
    assert feed and feed.contact
    return feed.contact.lag_s


def trouble(edge: Edge) -> str:
    assert edge.contact
    return edge.contact.trouble or ""


def held(edge: Edge) -> set[str]:
    """What stays live although the feed's list has it no more."""
    return {entry.text for entry in edge.feed.demand_heard().held.entries()}


def release(edge: Edge) -> HeldDecided:
    """Have that as the feed has it."""
    return commands.release(edge, ReleaseHeld(id=FEED), b"")


def let_through(edge: Edge, *addresses: str) -> list[bool]:
    """Which addresses the kernel takes for registered ends'."""
    return [is_let_through(edge, address) for address in addresses]


def is_whole(edge: Edge) -> bool:
    """Whether kernel and edge hold the same union, under its own serial."""
    live = edge.datapath.lists.live
    return (
        live is not None
        and live.holds(edge.list.state.union.whole())
        and len(edge.list.state.union.whole()) == edge.list.state.union.count
        and live.revision == edge.list.state.revision
    )
