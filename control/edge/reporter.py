"""The thread that tells the feed which of its entries are in use here, so that nobody takes such a one off unseen.

Of an entry that comes into use the feed hears at the next report; of the same entry again after an hour, so that what
is always in use costs one row an hour.
"""

import contextlib
import threading
import time

import structlog

from control.allowlist.allowlist import Allowlist
from control.edge.edge import Edge
from control.edge.turn import Turn
from control.edge.usage import IN_USE
from control.fault import Refused
from control.feed.feed import Feed, UseReport

log = structlog.get_logger()

AGAIN = 3600.0
"""Seconds after which it is said again of everything that it is in use."""

STOP_SECONDS = 10.0


class Reporter:
    """Reports for one edge, on a connection of its own: what the feed adds does not wait for it."""

    def __init__(self, edge: Edge, feed: Feed, every: float) -> None:
        """``every`` is the time between two reports, in seconds."""
        self._edge, self._feed, self._every = edge, feed, every
        self._said = Allowlist.empty()
        self._whole_at: float | None = None  # by what the edge has watched, as the next one
        self._last: float | None = None
        self._trouble: str | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="reporter", daemon=True)

    def start(self) -> None:
        """Begin to report."""
        self._thread.start()

    def stop(self) -> None:
        """End it; not waiting long for a feed that does not answer."""
        self._stop.set()
        self._thread.join(STOP_SECONDS)

    def report(self) -> None:
        """Report once: what came into use since the last time, or everything.

        Raises:
            Refused: the feed cannot be reached or written.
        """
        with self._edge.turn() as turn:
            report = self._account(turn)
        if not self._feed.report(report):
            with self._edge.turn() as turn:
                self._last = self._whole_at = None
                report = self._account(turn)
            self._feed.report(report)
        is_whole = self._whole_at is None or self._is_due(report.watched)
        self._said = report.used if is_whole else self._said.with_changes(report.used, Allowlist.empty())
        self._whole_at = report.watched if is_whole else self._whole_at
        self._last = report.watched

    def _run(self) -> None:
        with contextlib.closing(self._feed):
            while not self._stop.is_set():
                try:
                    self.report()
                    self._trouble = None
                except Refused as refused:
                    self._say(str(refused.faults[0]))
                except Exception as error:  # whatever the feed does: nobody's traffic depends on it
                    log.exception("reporting failed")
                    self._say(f"{type(error).__name__}: {error}")
                self._stop.wait(self._every)

    def _account(self, turn: Turn) -> UseReport:
        usage, followed = self._edge.usage, self._edge.list.state.union.followed
        usage.take_in_marks(turn)
        seen = usage.last_seen
        watched = seen.known_for
        if self._last is not None and watched < self._last:  # it has forgotten what it had watched
            self._last = self._whole_at = None
        if self._last is None or self._whole_at is None:
            used = seen.recent(IN_USE)
        elif self._is_due(watched):
            used = seen.recent(watched - self._whole_at)
        else:
            used = seen.recent(watched - self._last).without(self._said)
        used = followed.at(used)
        return UseReport(watched, self._last, used, seen.ages(used), len(followed), self._edge.feed.held, time.time())

    def _is_due(self, watched: float) -> bool:
        """Return whether it is time to say everything again that had traffic since that was last done."""
        return self._whole_at is not None and watched - self._whole_at >= AGAIN

    def _say(self, trouble: str) -> None:
        if self._trouble != trouble:
            log.warning("not reported", why=trouble)
        self._trouble = trouble
