"""What goes over the agent's Unix socket: one request and one answer a connection.

Either is a line of JSON and then, when its member ``body`` says so, that many bytes. A request names a verb and
its arguments, an answer holds either ``result`` or ``refused`` (see control/fault.py).
"""

import json
from typing import Any, Protocol

from typing_extensions import Buffer


class Writer(Protocol):
    """What a message is written to."""

    def write(self, data: Buffer, /) -> Any:
        """Take ``data``, all of it."""

    def flush(self) -> Any:
        """Send what was taken."""


class Reader(Protocol):
    """What a message is read from; ``read`` waits until it has all of it."""

    def readline(self, size: int, /) -> bytes:
        """Return a line, or the ``size`` bytes that it begins with."""

    def read(self, size: int, /) -> bytes:
        """Return ``size`` bytes, or fewer at the end."""


MAX_HEAD = 16 << 20  # a JSON line; a refusal of every row of a list is the longest
MAX_BODY = 1 << 30


def send(stream: Writer, head: dict[str, Any], body: Buffer = b"") -> None:
    """Write one message: ``head`` as a line of JSON, then ``body``."""
    size = memoryview(body).nbytes
    stream.write(json.dumps(head | {"body": size}).encode() + b"\n")
    if size:
        stream.write(body)
    stream.flush()


def receive(stream: Reader) -> tuple[dict[str, Any], bytes]:
    """Read one message as ``send`` wrote it.

    Raises:
        EOFError: the other side closed before the message was whole.
        ValueError: what came is no message.
    """
    line = stream.readline(MAX_HEAD)
    if not line.endswith(b"\n"):
        raise EOFError("the connection closed inside a message")
    head = json.loads(line)
    if not isinstance(head, dict) or not isinstance(size := head.pop("body", 0), int) or not 0 <= size <= MAX_BODY:
        raise ValueError("not a message of the agent's socket")
    body = stream.read(size) if size else b""
    if len(body) < size:
        raise EOFError("the connection closed inside a message")
    return head, body
