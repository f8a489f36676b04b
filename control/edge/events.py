"""Sampled packets for whoever asks: one reader of the kernel's ring, which has one, for any number of ours."""

import secrets
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass

from control.commands.packets import LOCAL, OTHER_TERMS, REGISTERED, EventsRead, ReadEvents, SampledPacket
from control.datapath.probe.events import Event, Events
from control.edge.lease import Sampling
from control.edge.turn import Turn
from control.host import clock
from control.rollout.origin import Origin

LASTS = 15.0
"""Seconds after its last question for which a reader is taken to be there: then nothing is sampled for it any more."""

RENEWED = LASTS / 3
"""Seconds after which the kernel is told to go on."""

KEPT = 4096
"""Events that wait for readers, in memory alone, and only while there is one."""

AT_A_TIME = 1000
"""Events in an answer."""

TURN_SECONDS = 5.0
"""For which a reader waits when the kernel is to sample otherwise than it does."""

Take = Callable[[Origin], AbstractContextManager[Turn]]


@dataclass(slots=True)
class _Reader:
    """Somebody who reads.

    Attributes:
        seen_at: seconds of the monotonic clock at which it last asked.
    """

    rate: int
    responders: bool
    seen_at: float


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What the kernel is to sample: one in ``rate``, 0 for none."""

    rate: int = 0
    responders: bool = False


NOTHING = _Wanted()


class SampledEvents:
    """Shares out what is sampled. Each reader has all that its rate is for: nobody takes another's."""

    def __init__(self, sampling: Sampling, ring: Events, kept: int = KEPT) -> None:
        """``kept`` is how many events wait for a reader at most."""
        self._sampling, self._ring = sampling, ring
        self._lock = threading.Lock()
        self._readers: dict[str, _Reader] = {}
        self._kept: deque[Event] = deque(maxlen=kept)
        self._count = 0  # of all events so far: the number of the last of them
        self._set, self._set_at = NOTHING, 0.0

    def read(self, request: ReadEvents, take: Take) -> EventsRead:
        """Return what a reader has not read yet; a turn is taken where the kernel is to sample otherwise, or go on.

        Raises:
            Refused: "unavailable": there was no turn in time.
        """
        name, after = self._note(request)
        self._have_sampled(take)
        with self._lock:
            self._drain()
            first = self._count - len(self._kept)
            after = min(max(after, 0), self._count)
            begin = max(after, first)
            numbers = range(begin, min(self._count, begin + AT_A_TIME))
            every = max(1, request.rate // max(1, self._set.rate))
            events = [
                _told(self._kept[number - first], request.responders) for number in numbers if number % every == 0
            ]
            return EventsRead(reader=name, after=numbers.stop, missed=begin - after, events=events)

    def expire(self, turn: Turn) -> None:
        """Forget readers that do not ask any more, what was kept for them, and stop sampling when its time is over."""
        self._sampling.expire(turn)
        with self._lock:
            self._forget_gone()
            if not self._readers:
                self._set = NOTHING
                self._kept.clear()

    def _note(self, request: ReadEvents) -> tuple[str, int]:
        """Note that a reader is there, or leaves; return its name, and the number of the last event that it has."""
        now = time.monotonic()
        with self._lock:
            self._forget_gone()
            if not self._readers:
                self._drain()  # what lies there is of somebody who left
                self._kept.clear()
            is_new = request.reader not in self._readers
            name = secrets.token_hex(8) if is_new or request.reader is None else request.reader
            after = self._count if is_new else request.after
            self._readers[name] = _Reader(request.rate, request.responders, now)
            if request.leave:
                del self._readers[name]
            return name, after

    def _have_sampled(self, take: Take) -> None:
        with self._lock:
            is_fresh = time.monotonic() - self._set_at < RENEWED or self._set == NOTHING
            if self._wanted() == self._set and is_fresh:
                return
        with take(Origin(until=clock.now() + TURN_SECONDS)) as turn, self._lock:
            self._set, self._set_at = self._wanted(), time.monotonic()
            self._sampling.start(turn, self._set.rate, self._set.responders, LASTS)

    def _wanted(self) -> _Wanted:
        if not self._readers:
            return NOTHING
        readers = self._readers.values()
        return _Wanted(min(reader.rate for reader in readers), any(reader.responders for reader in readers))

    def _forget_gone(self) -> None:
        gone = time.monotonic() - LASTS
        self._readers = {name: reader for name, reader in self._readers.items() if reader.seen_at > gone}

    def _drain(self) -> None:
        for event in self._ring.read():
            self._kept.append(event)
            self._count += 1


def _told(event: Event, responders: bool) -> SampledPacket:
    """Return an event as a reader has it who did, or did not, ask where unregistered handshakes go."""
    said = asdict(event)
    is_listed = event.reason in (REGISTERED, OTHER_TERMS)
    if event.reason == LOCAL or not (is_listed or responders):
        said |= {"address": None, "port": 0}
    return SampledPacket(**said)
