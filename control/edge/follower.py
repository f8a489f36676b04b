"""The thread that follows a feed: what it adds and removes goes live here, and the feed is told that it has.

Of what is not whole only what it adds is taken, and nothing is removed; when the feed is gone, for however long, the
last good list stays.
"""

import contextlib
import threading
import time
from collections.abc import Sequence

import structlog

from control.edge.contact import FeedContact
from control.edge.edge import Edge
from control.fault import Fault, Kind, Refused
from control.feed.feed import MOST_HEADS, RESET, Delta, Feed, Snapshot
from control.rollout.position import Position

log = structlog.get_logger()

SLICE = 0.5  # s: how long a stop may have to wait
STOP_SECONDS = 10.0
NOTED_EVERY = 60.0  # s between two notes on disk of when everything was live: a restart must not hide the lag
MOST_UNACKNOWLEDGED = 10_000  # serials remembered while the feed cannot be told


class Follower:
    """Keeps one edge at its feed's list."""

    def __init__(self, edge: Edge, feed: Feed, contact: FeedContact, poll: float) -> None:
        """``poll`` is after how many seconds it looks at the latest, and tries again."""
        self._edge, self._feed, self._poll, self._contact = edge, feed, poll, contact
        self._applied: list[tuple[int, float]] = []
        self._last_applied: tuple[int, float] | None = None
        self._doubted = False
        self._noted_at = 0.0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="follower", daemon=True)
        edge.contact = contact

    def start(self) -> None:
        """Begin to follow."""
        seen = self._edge.store.followed.complete_at
        if seen is not None:
            self._contact.resume(seen)
        if self._position.epoch:
            self._note_applied()  # an earlier agent may have ended before it told; what the feed knows it keeps
        self._thread.start()

    def stop(self) -> None:
        """End it, and wait until what is under way is finished; not for a feed that does not answer."""
        self._stop.set()
        self._thread.join(STOP_SECONDS)

    def catch_up(self) -> None:
        """Make everything live that the feed has.

        Raises:
            Refused: the feed cannot be reached, or what it gave is not whole or cannot be kept; what was live stays.
        """
        while not self._stop.is_set():
            line = self._edge.feed.line
            deltas = self._feed.deltas(line.position, line.digest)
            if deltas == RESET or (deltas and self._doubted):
                self._start_anew(self._feed.snapshot(line.position, line.digest))
            elif not deltas:
                self._edge.feed.agree()
                self._contact.complete()
                self._note_complete()
                return
            else:
                self._apply(deltas)
            self._acknowledge()

    @property
    def _position(self) -> Position:
        """How far the feed's line was followed; it may be put back, which the list's own position never is."""
        return self._edge.feed.line.position

    def _run(self) -> None:
        with contextlib.closing(self._feed):
            self._follow()

    def _follow(self) -> None:
        while not self._stop.is_set():
            try:
                self.catch_up()
                self._acknowledge()
                self._witness()
            except Refused as refused:
                self._say(str(refused.faults[0]))
                self._tell_again()
            except Exception as error:  # whatever the feed does: the list stays, and it is tried again
                log.exception("following failed")
                self._say(f"{type(error).__name__}: {error}")
            self._wait()

    def _wait(self) -> None:
        """Wait for the feed's word, or until it is time to look without one."""
        until = time.monotonic() + self._poll
        while not self._stop.is_set() and (left := until - time.monotonic()) > 0:
            try:
                if self._feed.wait(min(SLICE, left)):
                    return
            except Refused as refused:
                if not self._contact.trouble:  # else that was said, and these are other words for it
                    self._say(str(refused.faults[0]))
                self._tell_again()
                self._stop.wait(left)

    def _start_anew(self, snapshot: Snapshot) -> None:
        snapshot.demand_intact()
        self._demand_some(snapshot)
        if not snapshot.goes_on:
            self._applied, self._last_applied = [], None  # serials of another line: the feed knows none of them
            if self._position.epoch:
                log.warning("another line of serials", position=str(snapshot.position), was=str(self._position))
        with self._edge.turn() as turn:
            self._edge.feed.replace(turn, snapshot)
        self._doubted = False
        self._note_applied()

    def _demand_some(self, snapshot: Snapshot) -> None:
        count = len(self._edge.list.state.union.followed)
        if snapshot.position.epoch != self._position.epoch and not len(snapshot.entries) and count:
            why = f"its whole list is empty, which would cut {count} entries at once"
            mend = "check the setting feed.url: it looks like another, new registry"
            raise Refused(Kind.BAD_LIST, "The feed is empty", [Fault("feed", why, mend)])

    def _apply(self, deltas: Sequence[Delta]) -> None:
        for number, delta in enumerate(deltas):
            if self._stop.is_set():
                return
            started = time.monotonic()
            try:
                delta.demand_intact()
                with self._edge.turn() as turn:
                    self._edge.feed.change(turn, delta)
            except Refused as refused:
                if refused.kind != Kind.BAD_LIST:  # a full disk does not take a removal: no addition waits for it
                    with self._edge.turn() as turn:
                        self._edge.feed.let_through(turn, deltas[number:])
                    raise
                self._doubted = True  # the whole list can mend what a change cannot
                log.warning("not whole", why=str(refused.faults[0]))
                return
            self._note_applied()
            if len(delta.removed):
                # A flood of removals leaves half of the time to everything else that needs the list.
                self._stop.wait(time.monotonic() - started)

    def _note_applied(self) -> None:
        self._last_applied = (self._position.serial, time.time())
        self._applied.append(self._last_applied)
        del self._applied[:-MOST_UNACKNOWLEDGED]

    def _tell_again(self) -> None:
        """Have the last serial told once the feed is back: it may have come back without what it was told."""
        if self._last_applied and not self._applied:
            self._applied.append(self._last_applied)

    def _acknowledge(self) -> None:
        """Tell the feed what is live; that it cannot be told changes nothing here."""
        if self._applied:
            try:
                self._feed.acknowledge(self._position.epoch, self._applied)
                self._applied.clear()
            except Refused as refused:
                log.warning("not acknowledged", why=str(refused.faults[0]))
        self._contact.unacknowledged = len(self._applied)

    def _witness(self) -> None:
        """Keep the heads of the feed's audit; that they cannot be had or kept changes nothing else."""
        epoch = self._position.epoch
        try:
            with self._edge.turn() as turn:
                since = self._edge.witness.since(turn, epoch)
            goes_on, is_more = False, bool(epoch)
            while is_more and not self._stop.is_set():
                heads = self._feed.heads(since)
                with self._edge.turn() as turn:
                    last = self._edge.witness.take(turn, epoch, heads, goes_on=goes_on)
                is_more, goes_on, since = len(heads) == MOST_HEADS and last >= since, True, last + 1
        except Refused as refused:
            log.warning("no heads kept", why=str(refused.faults[0]))
        self._contact.doubt = self._edge.witness.doubt

    def _note_complete(self) -> None:
        if time.monotonic() - self._noted_at > NOTED_EVERY:
            self._noted_at = time.monotonic()
            with contextlib.suppress(Refused), self._edge.turn():  # a full disk is said elsewhere
                self._edge.store.followed.keep_complete(self._contact.complete_at)

    def _say(self, trouble: str) -> None:
        if self._contact.trouble != trouble:
            log.warning("not following", why=trouble)
        self._contact.trouble = trouble
