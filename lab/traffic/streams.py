"""TCP servers and clients on sockets of a namespace."""

from __future__ import annotations

import socket
import socketserver
import threading
from types import TracebackType
from typing import Any, Self

_POLL_SECONDS = 0.05


class StreamServer(socketserver.ThreadingTCPServer):
    """Serves on a bound socket, with a thread for each connection, while its context is entered."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, listener: socket.socket, handler: type[socketserver.BaseRequestHandler]) -> None:
        super().__init__(listener.getsockname(), handler, bind_and_activate=False)
        self.socket.close()  # made by the parent, in the namespace of the host
        self.socket = listener
        self.server_activate()
        self._thread = threading.Thread(
            target=self.serve_forever, args=(_POLL_SECONDS,), name="lab-streams", daemon=True
        )

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_val: BaseException | None,
        exc_tb: TracebackType | None,
    ) -> None:
        self.shutdown()
        self._thread.join()
        self.server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A connection that breaks is seen by its client, which counts what it lost."""


def connect(bound: socket.socket, server: tuple[str, int], seconds: float) -> socket.socket:
    """Connect within so many seconds, which every later step may take too; closes what does not connect."""
    try:
        bound.settimeout(seconds)
        bound.connect(server)
    except OSError:
        bound.close()
        raise
    return bound
