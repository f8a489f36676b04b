"""By which registration the feed has an entry: asked of the feed when somebody wants to know, and kept nowhere.

The list that an edge follows does not say it: a million entries would each have words of their own.
"""

import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field

from control.allowlist.entry import Prefix
from control.fault import Fault, Kind, Refused
from control.feed.feed import Feed


@dataclass
class Registrations:
    """Asks a feed, one question at a time; nothing of the edge waits for it.

    Attributes:
        feed: of its own, which no other thread uses.
        trouble: returns why the feed does not answer, as far as is known: then it is not asked.
    """

    feed: Feed
    trouble: Callable[[], str | None]
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def of(self, prefix: Prefix) -> str | None:
        """Return by which registration the feed has exactly this prefix; none: it has it no more.

        Raises:
            Refused: "unavailable": the feed cannot be asked now, or does not tell; "busy": somebody else asks it.
        """
        if trouble := self.trouble():
            raise _unknown(Kind.UNAVAILABLE, trouble, "see the feed in `wicket status`")
        if not self._lock.acquire(blocking=False):
            raise _unknown(Kind.BUSY, "somebody else asks it just now", "ask again in a moment")
        try:
            with closing(self.feed):  # a connection that is seldom used would only be one that may be cut
                return self.feed.registration(prefix)
        finally:
            self._lock.release()


def _unknown(kind: Kind, why: str, mend: str) -> Refused:
    return Refused(kind, "By which registration it is listed is not known", [Fault("the feed", why, mend)])
