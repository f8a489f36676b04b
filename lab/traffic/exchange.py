"""Numbered questions and answers over any socket: the lab's measure of "up" and of "nothing lost"."""

from __future__ import annotations

import contextlib
import selectors
import socket
import struct
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from lab.buffers import enlarge

ECHO_PORT = 7  # RFC 862
_TAIL = struct.Struct("!4sI")
_MARK = b"wlab"
_STRAGGLER_SECONDS = 5.0
_CATCH_UP_SECONDS = 0.1  # how far behind a late asker may burst to keep its rate


@dataclass(frozen=True)
class Dialect:
    """How numbered questions and their answers look on the wire.

    `number` reads an answer and gives None for what is not one. `size` is the most to read at a time: on
    a stream, where messages have no bounds, the exact size of an answer (see SO_RCVLOWAT).
    """

    question: Callable[[int], bytes]
    answer: Callable[[bytes], bytes | None]
    number: Callable[[bytes], int | None]
    size: int = 65535


@dataclass(frozen=True)
class Tally:
    """What became of the questions asked: `missing` are the numbers that were never answered."""

    name: str
    sent: int
    received: int
    missing: tuple[int, ...]

    @property
    def lost(self) -> int:
        return self.sent - self.received


def echo(prefix: bytes = b"") -> Dialect:
    """A question is `prefix` and a number, and the answer the very same bytes.

    The number stands at the end, so that it is found behind the IP header which a raw socket reads too.
    """
    length = len(prefix) + _TAIL.size

    def number(answer: bytes) -> int | None:
        if len(answer) < length:
            return None
        mark, value = _TAIL.unpack(answer[-_TAIL.size :])
        return value if mark == _MARK else None

    def answer(question: bytes) -> bytes | None:
        return None if number(question) is None else question[-length:]

    return Dialect(lambda value: prefix + _TAIL.pack(_MARK, value), answer, number)


class Responder:
    """One thread that answers on many datagram sockets."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._alarm, self._bell = socket.socketpair()
        self._selector.register(self._bell, selectors.EVENT_READ, None)
        self._thread = threading.Thread(target=self._serve, name="lab-responder", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._alarm.close()
        self._thread.join()
        for key in list(self._selector.get_map().values()):
            if isinstance(key.fileobj, socket.socket):
                key.fileobj.close()
        self._selector.close()

    def serve(self, listener: socket.socket, dialect: Dialect) -> None:
        """Answer what comes in on a bound socket; the responder closes it at its end."""
        listener.setblocking(False)
        enlarge(listener)
        self._selector.register(listener, selectors.EVENT_READ, dialect)

    def _serve(self) -> None:
        while True:
            for key, _ in self._selector.select():
                if key.data is None:
                    return
                assert isinstance(key.fileobj, socket.socket)
                _answer_all(key.fileobj, key.data)


def _answer_all(listener: socket.socket, dialect: Dialect) -> None:
    # An unreachable asker is no fault of ours: it shows as a missing answer.
    with contextlib.suppress(OSError):
        while True:
            question, asker = listener.recvfrom(dialect.size)
            if (answer := dialect.answer(question)) is not None:
                listener.sendto(answer, asker)


def answered(asker: socket.socket, dialect: Dialect, seconds: float, interval: float = 0.1) -> bool:
    """Ask on a connected socket until an answer comes, for so long at most."""
    deadline = time.monotonic() + seconds
    value = 0
    while time.monotonic() < deadline:
        value += 1
        _ask(asker, dialect, value)
        if _answers(asker, dialect, min(deadline, time.monotonic() + interval), first=True):
            return True
    return False


class Steady(ABC):
    """Something asked again and again in a thread of its own, while its context is entered."""

    def __init__(self, name: str, rate: float) -> None:
        self._name = name
        self._interval = 1.0 / rate
        self._sent = 0
        self._numbers: set[int] = set()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name=f"steady-{name}", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def sent(self) -> int:
        """How many questions were asked so far."""
        return self._sent

    def finish(self) -> None:
        """Ask no more; returns at once, while the stragglers come in."""
        self._stopping.set()

    def stop(self) -> Tally:
        """Ask no more, wait for stragglers, say what was lost; a second call says the same."""
        self.finish()
        if self._thread.is_alive():
            self._thread.join()
        return self.tally()

    def tally(self) -> Tally:
        """The count so far; questions still on their way show as missing."""
        sent = self._sent
        missing = tuple(sorted(set(range(1, sent + 1)) - self._numbers))
        return Tally(self._name, sent, sent - len(missing), missing)

    @abstractmethod
    def _work(self) -> None:
        """Ask, count in `_sent`, and note answered numbers (from 1 on) in `_numbers`, until `_stopping`."""


class SteadyPing(Steady):
    """Asks `rate` numbered questions a second on a connected socket, and closes it at the end.

    A question that could not be sent at all counts as lost.
    """

    def __init__(
        self,
        name: str,
        asker: socket.socket,
        dialect: Dialect,
        rate: float = 100.0,
        stragglers: float = _STRAGGLER_SECONDS,
    ) -> None:
        """``stragglers`` is for how many seconds an answer is waited for at the end."""
        super().__init__(name, rate)
        self._stragglers = stragglers
        self._asker = asker
        self._dialect = dialect
        enlarge(asker)

    def stop(self) -> Tally:
        tally = super().stop()
        self._asker.close()
        return tally

    def _work(self) -> None:
        due = time.monotonic()
        while not self._stopping.is_set():
            self._sent += 1
            _ask(self._asker, self._dialect, self._sent)
            due = max(due + self._interval, time.monotonic() - _CATCH_UP_SECONDS)
            self._numbers |= _answers(self._asker, self._dialect, due)
        deadline = time.monotonic() + self._stragglers
        while len(self._numbers) < self._sent and time.monotonic() < deadline:
            self._numbers |= _answers(self._asker, self._dialect, time.monotonic() + 0.05)


@contextlib.contextmanager
def steady(pings: Iterable[Steady]) -> Iterator[list[Tally]]:
    """Run many steady pings; the list given is filled with their tallies when the block is left."""
    tallies: list[Tally] = []
    with contextlib.ExitStack() as running:
        started = [running.enter_context(ping) for ping in pings]
        yield tallies
        for ping in started:
            ping.finish()
        tallies.extend(ping.stop() for ping in started)


def _ask(asker: socket.socket, dialect: Dialect, value: int) -> None:
    with contextlib.suppress(OSError):
        asker.send(dialect.question(value))


def _answers(asker: socket.socket, dialect: Dialect, deadline: float, first: bool = False) -> set[int]:
    """Numbers answered until the deadline, or until the first; what already waits is always read."""
    numbers: set[int] = set()
    while not (first and numbers):
        asker.settimeout(max(1e-6, deadline - time.monotonic()))
        try:
            answer = asker.recv(dialect.size)
        except TimeoutError:
            break
        except OSError:  # an ICMP error about an earlier question
            continue
        if not answer:  # a stream that has ended
            time.sleep(max(0.0, deadline - time.monotonic()))
            break
        if (value := dialect.number(answer)) is not None:
            numbers.add(value)
    return numbers
