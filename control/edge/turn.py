"""Turns: one thread at a time changes an edge, and what changes it asks for the proof that it is that thread's turn.

The lock itself is nobody's but this file's. A function that changes something takes a ``Turn``; only ``Turns.take``
makes one, so that the type checker refuses who has none.
"""

import math
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import final

from control.host import clock
from control.rollout.origin import NOBODY, Origin


class _Maker:
    """What it takes to make a turn; there is none outside this file."""


@final
class Turn:
    """The proof that whoever holds it may change the edge now.

    Attributes:
        origin: for whom it was taken, for the log.
    """

    def __init__(self, _: _Maker, origin: Origin = NOBODY) -> None:
        self._over, self.origin = False, origin

    def demand(self) -> None:
        """Hold that the turn is not over, and that whoever asked for it still waits: asked before anything is done.

        Raises:
            RuntimeError: a turn was kept beyond its end.
            Refused: "unavailable": it is too late.
        """
        if self._over:
            raise RuntimeError("the turn is over: take another")
        self.origin.demand_time(clock.now())


class Turns:
    """Gives turns, one at a time, in no particular order. A turn within a turn would wait for ever."""

    def __init__(self) -> None:
        self._lock = threading.Lock()

    @contextmanager
    def take(self, origin: Origin = NOBODY) -> Iterator[Turn]:
        """Wait for a turn and have it until the end of the block, for whoever asks; no longer than they wait.

        Raises:
            Refused: "unavailable": nobody waits for it any more.
        """
        left = -1.0 if origin.until is None else max(0.0, origin.until - clock.now())  # below 0: for good
        if not self._lock.acquire(timeout=min(left, threading.TIMEOUT_MAX)):
            origin.demand_time(math.inf)
        try:
            turn = Turn(_Maker(), origin)
            turn.demand()
            try:
                yield turn
            finally:
                turn._over = True
        finally:
            self._lock.release()
