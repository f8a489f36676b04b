"""Turns: one thread at a time changes an edge, and what changes it asks for the proof that it is that thread's turn.

The lock itself is nobody's but this file's. A function that changes something takes a ``Turn``; only ``Turns.take``
makes one, so that the type checker refuses who has none.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import final


class _Maker:
    """What it takes to make a turn; there is none outside this file."""


@final
class Turn:
    """The proof that whoever holds it may change the edge now."""

    def __init__(self, _: _Maker) -> None:
        self._over = False

    def demand(self) -> None:
        """Hold that the turn is not over.

        Raises:
            RuntimeError: a turn was kept beyond its end.
        """
        if self._over:
            raise RuntimeError("the turn is over: take another")


class Turns:
    """Gives turns, one at a time, in no particular order. A turn within a turn would wait for ever."""

    def __init__(self) -> None:
        self._lock = threading.Lock()

    @contextmanager
    def take(self) -> Iterator[Turn]:
        """Wait for a turn and have it until the end of the block."""
        with self._lock:
            turn = Turn(_Maker())
            try:
                yield turn
            finally:
                turn._over = True
