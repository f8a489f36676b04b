"""The agent's socket: a thread a connection, see control/commands/wire.py. Who is silent or slow is in nobody's way."""

import contextlib
import errno
import os
import pwd
import socket
import socketserver
import struct
import threading
import time
from pathlib import Path
from typing import Any

import structlog

from control.commands import wire
from control.edge.commands.answering import answer
from control.edge.edge import Edge
from control.fault import Fault, Kind, Refused

log = structlog.get_logger()

MODE = 0o660  # who may write to the socket may change the list: its owner and group
MOST = 64  # connections at a time
MORE_FOR_ROOT = 8
SILENT_SECONDS = 10.0  # for which a connection may send or take nothing
NO_DESCRIPTORS = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
PAUSE = 0.2  # s, before it is tried again to take a connection
CREDENTIALS = struct.Struct("iII")  # struct ucred of unix(7): pid, uid, gid


class AgentServer(socketserver.ThreadingUnixStreamServer):
    """Answers requests for one edge."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, path: Path, edge: Edge) -> None:
        """Listen at ``path``; whoever drives the edge has its lock, so a socket that is there already is dead.

        Raises:
            Refused: there can be no socket.
        """
        self.edge, self.path = edge, path
        self._silent: dict[socket.socket, None] = {}  # in the order in which they came
        self._open, self._lock, self._spare, self._is_short = 0, threading.Lock(), -1, False
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.unlink(missing_ok=True)
            super().__init__(str(path), _Connection)
            path.chmod(MODE)
        except OSError as error:
            why = os.strerror(error.errno or 0)
            fault = Fault(str(path), why, "let the setting `run` name a directory that can be written")
            raise Refused(Kind.UNAVAILABLE, "The agent's socket cannot be made", [fault]) from error
        self._spare = os.open("/dev/null", os.O_RDONLY)

    def get_request(self) -> tuple[socket.socket, Any]:
        """Take a connection; where the process has no descriptor left for it, by the one that is kept for that.

        Raises:
            OSError: there is none to be had; a moment has passed, so that nobody spins.
        """
        try:
            return super().get_request()
        except OSError as error:
            if error.errno not in NO_DESCRIPTORS:
                raise
            self._say_short(error)
            if self._spare < 0:
                time.sleep(PAUSE)
                raise
            os.close(self._spare)
            self._spare = -1
            return super().get_request()

    def verify_request(self, request: Any, client_address: Any) -> bool:
        """Return whether there is room for a connection; who finds none is told."""
        room = MOST + MORE_FOR_ROOT if peer(request)[1] == 0 else MOST
        if self._spare >= 0 and self._has_room(request, room):
            return True
        if self._spare < 0 and peer(request)[1] == 0 and self._has_room(request, room):
            return True  # the last descriptor is for whoever has to mend it
        _refuse(request)
        return False

    def shutdown_request(self, request: Any) -> None:
        """Close a connection, and keep its descriptor for the next where that was the last."""
        super().shutdown_request(request)
        if self._spare < 0:
            with contextlib.suppress(OSError):
                self._spare = os.open("/dev/null", os.O_RDONLY)
                self._is_short = False

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Answer one connection."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            with self._lock:
                self._open -= 1
                self._silent.pop(request, None)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Log what nobody foresaw."""
        log.exception("connection failed")

    def server_close(self) -> None:
        """Stop listening and remove the socket."""
        super().server_close()
        self.path.unlink(missing_ok=True)
        if self._spare >= 0:
            os.close(self._spare)
            self._spare = -1

    def heard(self, connection: socket.socket) -> None:
        """Take note that a connection has asked something: it is not among those that make room for others."""
        with self._lock:
            self._silent.pop(connection, None)

    def _has_room(self, connection: socket.socket, most: int) -> bool:
        """Return whether there is room: where all is taken, who has been silent for longest gives way."""
        with self._lock:
            if self._open >= most:
                if not self._silent:
                    return False
                longest = next(iter(self._silent))
                del self._silent[longest]
                with contextlib.suppress(OSError):
                    longest.shutdown(socket.SHUT_RDWR)  # at which its thread ends
            self._open += 1
            self._silent[connection] = None
            return True

    def _say_short(self, error: OSError) -> None:
        if not self._is_short:
            log.error("no descriptor left for a connection", why=os.strerror(error.errno or 0))
        self._is_short = True


def peer(connection: socket.socket) -> tuple[int, int]:
    """Return the process and the user at the other end of a Unix socket (SO_PEERCRED, unix(7))."""
    told = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, CREDENTIALS.size)
    pid, uid, _ = CREDENTIALS.unpack(told)
    return pid, uid


def _refuse(connection: socket.socket) -> None:
    why = f"{MOST} others are connected, or its descriptors are used up"
    fault = Fault("the agent's socket", why, "ask again in a moment; see who is connected: ss -xp")
    refused = Refused(Kind.BUSY, "The agent has no room for another connection", [fault])
    connection.setblocking(False)
    with contextlib.suppress(OSError), connection.makefile("wb") as stream:
        wire.send(stream, {"refused": refused.to_dict()})


class _Connection(socketserver.StreamRequestHandler):
    server: AgentServer
    timeout = SILENT_SECONDS

    def handle(self) -> None:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError, TimeoutError):
            try:
                request, body = wire.receive(self.rfile)
            except (EOFError, ValueError):
                return  # nothing was asked
            self.server.heard(self.connection)
            wire.send(self.wfile, *self._answer(request, body))

    def _answer(self, request: dict[str, Any], body: bytes) -> tuple[dict[str, Any], bytes]:
        try:
            result, reply = answer(self.server.edge, request, body, _user(peer(self.connection)[1]))
        except Refused as refused:
            return {"refused": refused.to_dict()}, b""
        except Exception as error:
            log.exception("failed")
            fault = Fault("the agent", f"{type(error).__name__}: {error}", "see the agent's log, and report it")
            return {"refused": Refused(Kind.INTERNAL, "The agent failed", [fault]).to_dict()}, b""
        return {"result": result.model_dump(mode="json")}, reply


def _user(uid: int) -> str:
    """Return a user as a log names them."""
    try:
        return f"{pwd.getpwuid(uid).pw_name} ({uid})"
    except KeyError:
        return str(uid)
