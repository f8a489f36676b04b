"""A datagram socket whose reader does not read: its queue is full, and who sends to it must not wait for ever."""

import socket
import threading
from collections.abc import Callable
from pathlib import Path

from lab.waiting import PATIENCE

FILLING = b"told before"


def fill(path: Path | str) -> int:
    """Fill the queue of the socket bound to a path; return with how many messages, each FILLING."""
    count = 0
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.setblocking(False)
        while True:
            try:
                sender.sendto(FILLING, str(path))
            except BlockingIOError:
                return count
            count += 1


def waiting_messages(heard: socket.socket) -> list[bytes]:
    """Read all that waits in a socket's queue."""
    heard.setblocking(False)
    messages = []
    while True:
        try:
            messages.append(heard.recv(4096))
        except BlockingIOError:
            return messages


def must_end(work: Callable[[], object]) -> None:
    """Do something that must not wait for the reader.

    Raises:
        AssertionError: it has not ended in PATIENCE seconds; it goes on in a thread that nothing waits for.
    """
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(PATIENCE)
    assert not thread.is_alive(), f"it still waits after {PATIENCE:g} s"
