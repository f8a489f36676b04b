"""The places at the agent's socket: so many connections at a time, and some more for root alone.

Whoever connects and asks nothing has a place until somebody else needs it. So whatever others do, who asks is
answered, and the descriptors of the agent are never used up by its clients.
"""

import contextlib
import select
import socket
import threading
from dataclasses import dataclass

from control.edge.commands.peer import Peer

MOST = 64
"""Connections at a time."""

KEPT_FOR_ROOT = 8
"""Connections beyond these, which root alone may have."""

LEAVING_SECONDS = 1.0
"""Within which who is turned out has left: its thread has only to wake up."""


@dataclass(eq=False, slots=True)
class Place:
    """One connection that is being served.

    Attributes:
        is_silent: whether it has not asked anything yet.
        is_turned_out: whether its place was given to somebody else.
    """

    connection: socket.socket
    peer: Peer
    is_silent: bool = True
    is_turned_out: bool = False


class Places:
    """Who is connected."""

    def __init__(self, most: int = MOST, kept: int = KEPT_FOR_ROOT) -> None:
        self._most, self._all = most, most + kept
        self._taken: list[Place] = []  # the longest there first
        self._left = threading.Condition()

    def take(self, connection: socket.socket, peer: Peer) -> Place | None:
        """Give a connection its place, if need be that of the one that has been silent for longest; None: all ask."""
        with self._left:
            if not self._has_room(peer) and self._turn_out(peer):
                self._left.wait_for(lambda: self._has_room(peer), LEAVING_SECONDS)
            if not self._has_room(peer):
                return None
            place = Place(connection, peer)
            self._taken.append(place)
            return place

    def turn_out(self) -> None:
        """Take the place of the one that has been silent for longest, if one is: its descriptor is needed."""
        with self._left:
            self._turn_out(None)

    def note_asking(self, place: Place) -> bool:
        """Let a connection that has asked keep its place until it is answered; false: it is somebody else's."""
        with self._left:
            place.is_silent = False
            return not place.is_turned_out

    def give_back(self, place: Place) -> None:
        """Close a connection; its place is free."""
        with self._left:
            place.connection.close()
            self._taken.remove(place)
            self._left.notify_all()

    def _has_room(self, peer: Peer) -> bool:
        return len(self._taken) < self._all and (peer.is_root or self._others() < self._most)

    def _others(self) -> int:
        return sum(not place.peer.is_root for place in self._taken)

    def _turn_out(self, newcomer: Peer | None) -> bool:
        """Turn out who is silent, root last; where the others' places are all taken, one of these makes room."""
        others_alone = newcomer is not None and not newcomer.is_root and self._others() >= self._most
        silent = [place for place in self._taken if place.is_silent and not (others_alone and place.peer.is_root)]
        for place in sorted(silent, key=lambda place: place.peer.is_root):
            if not _has_come(place.connection):
                place.is_silent, place.is_turned_out = False, True
                with contextlib.suppress(OSError):
                    place.connection.shutdown(socket.SHUT_RD)  # wakes its thread up, which says why
                return True
        return False


def _has_come(connection: socket.socket) -> bool:
    """Return whether something can be read: it asks, and its thread has only to look."""
    poll = select.poll()
    poll.register(connection, select.POLLIN)
    return bool(poll.poll(0))
