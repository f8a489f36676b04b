"""Tells the service manager that the API is alive, as long as it truly answers.

Gunicorn ends a process that hangs as a whole, but not one whose threads are all stuck in requests. So its first
process asks the API as a client does, and says nothing when there is no answer: the service is started anew then.

The thread lives in a process that forks. It takes no lock that a child could inherit locked: it logs nothing,
resolves no name and works on bare sockets.
"""

import socket
import threading
import time
from typing import Any

from control.host import service

REQUEST = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


class Watchdog:
    """Asks the API at its own address; does nothing where no service manager waits for it."""

    def __init__(self, address: Any) -> None:
        """``address`` is what the API listens on, as getsockname(2) gives it."""
        self._address, self._interval = address, service.watchdog_interval()

    def start(self) -> None:
        """Begin, in a thread that ends with the process."""
        if self._interval is not None:
            threading.Thread(target=self._watch, args=[self._interval], name="watchdog", daemon=True).start()

    def _watch(self, interval: float) -> None:
        while True:
            asked = time.monotonic()
            trouble = answers(self._address, interval)
            if trouble is None:
                service.tell("WATCHDOG=1", service.status("answers"))
            else:
                service.tell(service.status(f"does not answer: {trouble}"))
            time.sleep(max(0.0, asked + interval - time.monotonic()))


def answers(address: Any, patience: float) -> str | None:
    """Return why the API at an address does not answer within some seconds; None when it does.

    Too many questions from this machine (429) are an answer, a fault of the server's own (5xx) is none.
    """
    family = socket.AF_INET6 if len(address) == 4 else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_STREAM) as connection:
            connection.settimeout(patience)
            connection.connect(address)  # to the address that stands for all, Linux goes to its own
            connection.sendall(REQUEST)
            line = connection.recv(1 << 10).partition(b"\r\n")[0].split(b" ")
    except OSError as error:
        return str(error)
    code = line[1] if len(line) > 1 and line[0].startswith(b"HTTP/") else b""
    return None if code[:1] in (b"2", b"4") else f"status {code.decode(errors='replace') or 'none'}"
