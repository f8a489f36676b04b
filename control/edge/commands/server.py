"""The agent's socket: a thread a connection, see control/commands/wire.py."""

import contextlib
import os
import socketserver
from pathlib import Path
from typing import Any

import structlog

from control.commands import wire
from control.edge.commands.answering import answer
from control.edge.edge import Edge
from control.fault import Fault, Kind, Refused

log = structlog.get_logger()

MODE = 0o660  # who may write to the socket may change the list: its owner and group


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
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.unlink(missing_ok=True)
            super().__init__(str(path), _Connection)
            path.chmod(MODE)
        except OSError as error:
            why = os.strerror(error.errno or 0)
            fault = Fault(str(path), why, "let the setting `run` name a directory that can be written")
            raise Refused(Kind.UNAVAILABLE, "The agent's socket cannot be made", [fault]) from error

    def server_close(self) -> None:
        """Stop listening and remove the socket."""
        super().server_close()
        self.path.unlink(missing_ok=True)


class _Connection(socketserver.StreamRequestHandler):
    server: AgentServer

    def handle(self) -> None:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            try:
                request, body = wire.receive(self.rfile)
            except (EOFError, ValueError):
                return  # nothing was asked
            wire.send(self.wfile, *self._answer(request, body))

    def _answer(self, request: dict[str, Any], body: bytes) -> tuple[dict[str, Any], bytes]:
        try:
            result, reply = answer(self.server.edge, request, body)
        except Refused as refused:
            return {"refused": refused.to_dict()}, b""
        except Exception as error:
            log.exception("failed")
            fault = Fault("the agent", f"{type(error).__name__}: {error}", "see the agent's log, and report it")
            return {"refused": Refused(Kind.INTERNAL, "The agent failed", [fault]).to_dict()}, b""
        return {"result": result.model_dump(mode="json")}, reply
