"""The agent's socket: a thread a connection, see control/commands/wire.py; so many at a time, see places.py."""

import contextlib
import errno
import os
import socket
import socketserver
import threading
import time
from pathlib import Path
from typing import Any

import structlog

from control.commands.wire import Channel
from control.edge.commands.answering import answer
from control.edge.commands.peer import Peer
from control.edge.commands.places import Place, Places
from control.edge.edge import Edge
from control.fault import Fault, Kind, Refused
from control.host import memory

log = structlog.get_logger()

MODE = 0o660  # who may write to the socket may ask: its owner and group

HEAD_SECONDS = 10.0
"""Within which who has connected has asked."""

MOVE_SECONDS = 10.0
"""Within which a body, and whoever is answered, begins to move."""

SLOWEST = 1_000_000
"""Bytes a second of a body, and of an answer."""

LARGE = 1 << 20
"""Bytes of a body for which much memory was needed."""

SHORT = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
"""Errors of accept(2) after which the connection still waits, and would be met again at once."""

PAUSE_SECONDS = 0.2
"""Until it is tried again."""

CALM_SECONDS = 10.0
"""Without such an error before it is taken to be over: the log says it once."""


class AgentServer(socketserver.UnixStreamServer):
    """Answers requests for one edge."""

    request_queue_size = 128

    def __init__(self, path: Path, edge: Edge) -> None:
        """Listen at ``path``; whoever drives the edge has its lock, so a socket that is there already is dead.

        Raises:
            Refused: there can be no socket.
        """
        self.edge, self.path, self.places = edge, path, Places()
        self._spare = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
        self._is_short, self._short_at = False, 0.0
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.unlink(missing_ok=True)
            super().__init__(str(path), socketserver.BaseRequestHandler)
            path.chmod(MODE)
        except OSError as error:
            why = os.strerror(error.errno or 0)
            fault = Fault(str(path), why, "let the setting `run` name a directory that can be written")
            raise Refused(Kind.UNAVAILABLE, "The agent's socket cannot be made", [fault]) from error

    def get_request(self) -> tuple[socket.socket, Any]:
        """Accept a connection; where there is no descriptor for it, make one free, and never spin."""
        try:
            accepted = super().get_request()
        except OSError as error:
            if error.errno not in SHORT:
                raise
            return self._accept_when_short(error)
        if self._is_short and time.monotonic() - self._short_at > CALM_SECONDS and self._has_spare():
            self._is_short = False
            log.info("connections are taken again")
        return accepted

    def process_request(self, request: Any, client_address: Any) -> None:
        """Give a connection a place and a thread of its own; or say that there is none."""
        try:
            peer = Peer.of(request)
            place = self.places.take(request, peer)
        except OSError:
            request.close()
            return
        if place is None:
            _refuse(request, _busy("all places at the agent's socket are taken by requests that are being worked on"))
            request.close()
            return
        try:
            threading.Thread(target=self._serve, args=(place,), name="connection", daemon=True).start()
        except RuntimeError:  # there is no room for a thread
            _refuse(request, _busy("the system has no room for a thread"))
            self.places.give_back(place)

    def server_close(self) -> None:
        """Stop listening and remove the socket."""
        super().server_close()
        self.path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            os.close(self._spare)

    def _serve(self, place: Place) -> None:
        """Answer one connection: outside of any turn, so that a slow client is in nobody's way."""
        try:
            channel = Channel(place.connection)
            channel.within(HEAD_SECONDS)
            try:
                request, body = channel.receive(lambda size: self._begin(place, size))
            except TimeoutError:
                _refuse(place.connection, _late(place))
                return
            except ValueError as error:
                fault = Fault("the message", str(error), "see docs/agent.md for what one is")
                _refuse(place.connection, Refused(Kind.BAD_REQUEST, "This is no message of the socket", [fault]))
                return
            except (EOFError, OSError):
                if place.is_turned_out:
                    _refuse(place.connection, _busy("it had asked nothing, and its place was needed"))
                return
            head, reply = self._answer(request, body, place.peer)
            channel.within(_pace(len(reply)))
            if len(body) > LARGE:
                del request, body
                memory.give_back()
            with contextlib.suppress(OSError):  # gone, or it does not read
                channel.send(head, reply)
        finally:
            self.places.give_back(place)

    def _begin(self, place: Place, size: int) -> float:
        """Note that a head has come; return how many seconds its body may take.

        Raises:
            EOFError: its place was given to somebody else.
        """
        if not self.places.note_asking(place):
            raise EOFError("it was turned out")
        return _pace(size)

    def _answer(self, request: dict[str, Any], body: bytes, peer: Peer) -> tuple[dict[str, Any], bytes]:
        try:
            result, reply = answer(self.edge, request, body, peer)
        except Refused as refused:
            return {"refused": refused.to_dict()}, b""
        except Exception as error:
            log.exception("failed")
            fault = Fault("the agent", f"{type(error).__name__}: {error}", "see the agent's log, and report it")
            return {"refused": Refused(Kind.INTERNAL, "The agent failed", [fault], done=None).to_dict()}, b""
        return {"result": result.model_dump(mode="json")}, reply

    def _accept_when_short(self, error: OSError) -> tuple[socket.socket, Any]:
        """Accept by the spare descriptor, for root alone; the others are told.

        Raises:
            OSError: nobody was accepted, after a pause.
        """
        self._short_at = time.monotonic()
        if not self._is_short:
            self._is_short = True
            mend = "raise LimitNOFILE of wicketd.service, or see what holds them: ls /proc/PID/fd"
            log.error("no descriptor for a connection", why=os.strerror(error.errno or 0), mend=mend)
        self.places.turn_out()
        if error.errno != errno.EMFILE or not self._has_spare():
            time.sleep(PAUSE_SECONDS)
            raise error
        os.close(self._spare)
        self._spare = -1
        accepted = super().get_request()
        if Peer.of(accepted[0]).is_root:
            return accepted
        _refuse(accepted[0], _busy("the agent has no descriptor left"))
        accepted[0].close()
        self._has_spare()
        raise error

    def _has_spare(self) -> bool:
        """Say whether a descriptor is kept for the day that there is none, after having tried to get one."""
        if self._spare < 0:
            with contextlib.suppress(OSError):
                self._spare = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
        return self._spare >= 0


def _pace(size: int) -> float:
    """Return how many seconds so many bytes may take."""
    return MOVE_SECONDS + size / SLOWEST


def _refuse(connection: socket.socket, refused: Refused) -> None:
    """Say a refusal to whoever reads it, and wait for nobody."""
    channel = Channel(connection)
    channel.within(0.0)
    with contextlib.suppress(OSError):
        channel.send({"refused": refused.to_dict()})


def _busy(why: str) -> Refused:
    fault = Fault("the agent's socket", why, "ask again in a moment; root has places of its own")
    return Refused(Kind.BUSY, "The agent has no room for another request", [fault])


def _late(place: Place) -> Refused:
    what = f"no request came within {HEAD_SECONDS:g} s" if place.is_silent else "the body does not come"
    return Refused(Kind.BAD_REQUEST, "The request did not come", [Fault("the agent's socket", what, "send it at once")])
