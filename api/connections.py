"""How connections wait: a thread is for a request whose head is here, and never for a connection.

Gunicorn's worker of threads gives each new connection a thread, which then waits for the rest of the head: sixteen
clients that send half a line, by ill will or over a bad radio link, keep everybody else from being answered. Its main
loop waits for a client to close, too. Here connections wait in the loop, as thousands can, until their head is whole,
until their time is over, or until the client has taken the end of its answer.

What a client has sent so far is looked at without taking it (MSG_PEEK, recv(2)), and the kernel wakes the loop only
when there is more (SO_RCVLOWAT, socket(7)), so that a connection of which nothing comes costs nothing.
"""

import contextlib
import socket
import time
from functools import partial
from selectors import EVENT_READ
from typing import Any

from gunicorn.workers.gthread import TConn, ThreadWorker

HEAD_SECONDS = 10.0
"""How long a client may take to send a request's head, and a new one's to begin."""

LINGER_SECONDS = 2.0
"""How long a client may take to close a connection whose answer it has: at once, and its last bytes might be lost."""

BODY_SECONDS = 0.05
"""How long it is waited for the rest of a body that nobody wants, before the connection is given up."""

LARGEST_HEAD = 1 << 16
"""Bytes; what is longer is gunicorn's to refuse."""

AT_ONCE = 64
"""Connections that are accepted before others are looked after."""

END = b"\r\n\r\n"


class Waiters:
    """Connections that wait for something, in the order in which their time ends."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._connections: dict[TConn, float] = {}

    def add(self, connection: TConn) -> None:
        """Let one wait from now on."""
        self._connections[connection] = time.monotonic() + self._seconds

    def remove(self, connection: TConn) -> None:
        """Let one go."""
        del self._connections[connection]

    def late(self, everybody: bool = False) -> list[TConn]:
        """Return those whose time is over; or all of them, where everybody's is."""
        now = float("inf") if everybody else time.monotonic()
        found = []
        for connection, ends in self._connections.items():
            if ends > now:
                break
            found.append(connection)
        return found


class Connections(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """A worker of threads whose threads see whole heads alone."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._heads, self._lingering = Waiters(HEAD_SECONDS), Waiters(LINGER_SECONDS)
        self._seen: dict[TConn, int] = {}

    def accept(self, listener: socket.socket) -> None:
        """Accept what knocks, and wait for heads."""
        for _ in range(AT_ONCE):
            try:
                client, address = listener.accept()
            except (BlockingIOError, ConnectionAbortedError):
                return
            self.nr_conns += 1
            self._await_head(TConn(self.cfg, client, address, listener.getsockname()))
            if self.nr_conns >= self.worker_connections:
                return

    def on_client_socket_readable(self, conn: TConn, client: socket.socket) -> None:
        """Wait for the next head of a connection that was kept."""
        self.poller.unregister(client)
        self.keepalived_conns.remove(conn)
        self._await_head(conn)

    def murder_pending(self) -> None:
        """Close whoever has taken too long; when the server ends, whoever has not asked yet."""
        for conn in self._heads.late(everybody=not self.alive):
            self._heads.remove(conn)
            self._close(conn)
        for conn in self._lingering.late():
            self._lingering.remove(conn)
            self._close(conn)

    def finish_request(self, conn: TConn, fs: Any) -> None:
        """Keep a connection that is to be kept, and else let the client take the end of its answer."""
        try:
            kept = bool(fs.result()) and not fs.cancelled()
        except Exception:
            kept = False
        buffered = conn.parser.unreader.buf.getvalue() if kept else b""
        if END in buffered:
            self.enqueue_req(conn)
        elif kept and not buffered:
            conn.sock.setblocking(False)
            conn.set_timeout()
            self.keepalived_conns.append(conn)
            self.poller.register(conn.sock, EVENT_READ, partial(self.on_client_socket_readable, conn))
        else:  # also with half a head read: a thread would have to wait for the rest
            self._linger(conn)

    def _keepalive_after(self, conn: TConn, keepalive: bool) -> bool:
        return bool(keepalive and conn.parser.finish_body(deadline=time.monotonic() + BODY_SECONDS))

    def _await_head(self, conn: TConn) -> None:
        conn.sock.setblocking(False)
        self._heads.add(conn)
        self._seen[conn] = 0
        self.poller.register(conn.sock, EVENT_READ, partial(self._on_head, conn))

    def _on_head(self, conn: TConn, client: socket.socket) -> None:
        """Give a connection a thread once its head is whole, or nothing more will come of it."""
        try:
            head = client.recv(LARGEST_HEAD, socket.MSG_PEEK)
        except BlockingIOError:
            return
        except OSError:
            head = b""
        is_all = len(head) == self._seen[conn]  # woken although there is no more: the client has closed its side
        if not head or (is_all and END not in head):
            self._heads.remove(conn)
            self._close(conn)
        elif END in head or len(head) >= LARGEST_HEAD:
            self._heads.remove(conn)
            del self._seen[conn]
            self.poller.unregister(client)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, 1)
            conn.data_ready = True
            self.enqueue_req(conn)
        else:
            self._seen[conn] = len(head)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, len(head) + 1)

    def _linger(self, conn: TConn) -> None:
        try:
            conn.sock.setblocking(False)
            conn.sock.shutdown(socket.SHUT_WR)
            self.poller.register(conn.sock, EVENT_READ, partial(self._on_end, conn))
        except (OSError, ValueError, KeyError):
            self.nr_conns -= 1
            conn.close()
        else:
            self._lingering.add(conn)

    def _on_end(self, conn: TConn, client: socket.socket) -> None:
        """Let go of a connection once the client has closed it; what else it sends is not wanted."""
        try:
            more = client.recv(LARGEST_HEAD)
        except BlockingIOError:
            return
        except OSError:
            more = b""
        if not more:
            self._lingering.remove(conn)
            self._close(conn)

    def _close(self, conn: TConn) -> None:
        self._seen.pop(conn, None)
        with contextlib.suppress(OSError, KeyError, ValueError):
            self.poller.unregister(conn.sock)
        self.nr_conns -= 1
        conn.close()
