"""This edge as a witness: it keeps each signed head that its feed hands it, and says so when one of them changes.

What it keeps is out of reach of whoever keeps the registry: `wicket registry audit verify --edge NAME` asks for it.
"""

import time
from collections.abc import Sequence

import structlog

from control.edge.state.heads import SeenHead, SeenHeads
from control.edge.turn import Turn
from control.fault import BadValueError
from control.witness.head import SignedHead, read

log = structlog.get_logger()


class Witness:
    """The heads that were seen, and what is odd about them."""

    def __init__(self, seen: SeenHeads) -> None:
        self._seen = seen
        self._doubts: dict[str, None] = {}

    @property
    def doubt(self) -> str | None:
        """What is odd, in words, the last first; none: nothing is."""
        return "; ".join(reversed(self._doubts)) or None

    def since(self, turn: Turn, epoch: str) -> int:
        """Return from which head of an epoch on the feed is to be asked: the last one that is here, again.

        Raises:
            Refused: the disk cannot be read.
        """
        turn.demand()
        return self._seen.last(epoch)[0]

    def take(self, turn: Turn, epoch: str, lines: Sequence[str], *, goes_on: bool) -> int:
        """Keep heads of the feed, and return the highest number; 0 when there is none.

        They are what it has from ``since`` on, or what goes on behind what was taken last.

        Raises:
            Refused: the disk does not take it.
        """
        turn.demand()
        number, known = self._seen.last(epoch)
        if number and not goes_on and not any(line in known for line in lines):
            self._say(f"the feed no longer has head {number} of its audit as it was")
        first = self._seen.first()
        key = read(first).key if first is not None else None
        good = [each for line in lines if (each := self._read(line, key)) is not None]
        if any(each.line not in known for each in good):
            self._seen.keep(good, time.time())
            for odd, twice in self._seen.twice():
                self._say(f"there were two heads {twice} of the epoch {odd[:8]}")
        return max((each.head.number for each in good), default=0)

    def after(self, turn: Turn, place: int, most: int) -> list[SeenHead]:
        """Return what was kept behind a place, in the order in which it was seen.

        Raises:
            Refused: the disk cannot be read.
        """
        turn.demand()
        return self._seen.after(place, most)

    def _read(self, line: str, key: str | None) -> SignedHead | None:
        """Return a head; none, and a doubt, where it is none or not signed. ``key`` is that of the first kept."""
        try:
            head = read(line)
        except BadValueError as error:
            self._say(f"the feed has a head that {error.why}")
            return None
        if not head.is_signed:
            self._say(f"head {head.head.number} of the feed is not signed")
            return None
        if key not in (None, head.key):
            self._say(f"head {head.head.number} of the feed is signed by another key than the first")
        return head

    def _say(self, doubt: str) -> None:
        if doubt not in self._doubts:
            log.error("the registry's audit is not what it was", why=doubt)
        self._doubts[doubt] = None
