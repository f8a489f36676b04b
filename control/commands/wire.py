"""What goes over the agent's Unix socket: one request and one answer a connection, either in a bounded time.

Either is a line of JSON and then, when its member ``body`` says so, that many bytes. A request names a verb and
its arguments, an answer holds either ``result`` or ``refused`` (see control/fault.py).
"""

import contextlib
import json
import math
import select
import socket
import time
from collections.abc import Callable
from typing import Any

from typing_extensions import Buffer

MAX_HEAD = 16 << 20  # a JSON line; a refusal of every row of a list is the longest
MAX_BODY = 1 << 30
PIECE = 1 << 18  # bytes that are asked of the kernel at a time


class Channel:
    """One end of a connection. Whatever it waits for, it waits no longer than ``within`` said last."""

    def __init__(self, connection: socket.socket) -> None:
        """The connection stays the caller's, who closes it."""
        connection.setblocking(False)
        self._connection, self._until, self._come = connection, math.inf, bytearray()

    def within(self, seconds: float) -> None:
        """Allow what follows so many seconds from now."""
        self._until = time.monotonic() + seconds

    def send(self, head: dict[str, Any], body: Buffer = b"") -> None:
        """Write one message: ``head`` as a line of JSON, then ``body``.

        Raises:
            OSError: the other side does not take all of it; a TimeoutError when it does not in time.
        """
        content = memoryview(body).cast("B")
        self._write(memoryview(json.dumps(head | {"body": len(content)}).encode() + b"\n"))
        self._write(content)

    def receive(self, seconds_for: Callable[[int], float] | None = None) -> tuple[dict[str, Any], bytes]:
        """Read one message as ``send`` wrote it.

        ``seconds_for`` says how long a body of so many bytes may take from its head on; none: what is left.

        Raises:
            EOFError: the other side closed before the message was whole.
            OSError: it does not send all of it; a TimeoutError when it does not in time.
            ValueError: what came is no message.
        """
        head = _head(self._line())
        size = head.pop("body", 0)
        if not isinstance(size, int) or not 0 <= size <= MAX_BODY:
            raise ValueError("it does not say how long its body is")
        if seconds_for is not None:
            self.within(seconds_for(size))
        return head, self._exactly(size)

    def _line(self) -> bytes:
        searched = 0
        while (end := self._come.find(b"\n", searched)) < 0:
            searched = len(self._come)
            if searched > MAX_HEAD:
                raise ValueError("its first line is too long")
            self._come += self._read(PIECE)
        line = bytes(self._come[:end])
        del self._come[: end + 1]
        return line

    def _exactly(self, size: int) -> bytes:
        pieces, missing = [bytes(self._come[:size])], size - len(self._come)
        while missing > 0:
            pieces.append(self._read(min(missing, PIECE)))
            missing -= len(pieces[-1])
        return b"".join(pieces)

    def _read(self, most: int) -> bytes:
        while True:
            with contextlib.suppress(BlockingIOError):
                if not (come := self._connection.recv(most)):
                    raise EOFError("the connection closed inside a message")
                return come
            self._wait(select.POLLIN)

    def _write(self, content: memoryview) -> None:
        while content:
            try:
                content = content[self._connection.send(content) :]
            except BlockingIOError:
                self._wait(select.POLLOUT)

    def _wait(self, event: int) -> None:
        """Wait until something can be read or written; a process that was stopped meanwhile looks once more."""
        left = self._until - time.monotonic()
        poll = select.poll()
        poll.register(self._connection, event)
        if not poll.poll(None if left == math.inf else max(0.0, left) * 1000):
            raise TimeoutError("the other side does not move")


def _head(line: bytes) -> dict[str, Any]:
    try:
        head = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ValueError("its first line is no JSON") from error
    if not isinstance(head, dict):
        raise ValueError("its first line is no JSON object")  # noqa: TRY004: as whatever else is no message
    return head
