"""The way to a running agent, for the command line and the API."""

import contextlib
import errno
import os
import socket
import struct
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError
from typing_extensions import Buffer

from control.commands.request import Order, Reply, Request
from control.commands.wire import Channel
from control.fault import Fault, Kind, Refused
from control.host import accounts, clock
from control.rollout.origin import Door

R = TypeVar("R", bound=Reply)

PATIENCE = 60.0
"""Seconds for which an answer is waited for."""

MARGIN = 2.0
"""Seconds longer than an order allows: by then an agent that is alive has said that it is too late."""

TIMEVAL = struct.Struct("@ll")  # struct timeval


@dataclass(frozen=True, slots=True)
class _Question:
    """One request on its way.

    Attributes:
        request: with door and deadline, where it is an order.
        ends_at: when it is given up, in seconds of this process's monotonic clock.
    """

    path: Path
    request: Request[Any]
    body: Buffer
    ends_at: float

    @property
    def left(self) -> float:
        return max(0.0, self.ends_at - time.monotonic())


class AgentSocket:
    """Asks the agent, one connection a question."""

    def __init__(self, path: Path, door: Door = Door.SOCKET, timeout: float = PATIENCE) -> None:
        """``door`` is what an order says that it came by, ``timeout`` for how many seconds an answer is waited for."""
        self.path, self.door, self.timeout = path, door, timeout

    def ask(self, request: Request[R], body: Buffer = b"", timeout: float | None = None) -> R:
        """Ask for something that has no body in its reply; ``timeout`` (s) is of this question, if given.

        Raises:
            Refused: as for ``fetch``.
        """
        return self.fetch(request, body, timeout)[0]

    def fetch(self, request: Request[R], body: Buffer = b"", timeout: float | None = None) -> tuple[R, bytes]:
        """Ask for something, and return the reply and its body; ``timeout`` (s) is of this question, if given.

        Raises:
            Refused: as the agent refused; "forbidden" where this user may not ask it; "unavailable" where no agent
                answers: ``done`` then is false where it cannot have been done, and None where that is not known.
        """
        seconds = self.timeout if timeout is None else timeout
        if isinstance(request, Order):
            request = request.model_copy(update={"door": self.door, "until": clock.now() + seconds})
            seconds += MARGIN
        head, answer = _exchange(_Question(self.path, request, body, time.monotonic() + seconds))
        try:
            if "refused" in head:
                raise Refused.from_dict(head["refused"])
            return request.reply.model_validate(head["result"]), answer  # type: ignore[return-value]
        except (KeyError, TypeError, ValidationError) as error:
            mend = "restart it: `systemctl restart wicketd`, or `wicketd`, of the version of this command"
            fault = Fault(str(self.path), f"the agent answers as another version does ({error})", mend)
            raise _refused("The agent is of another version", fault, request) from error


def _exchange(question: _Question) -> tuple[dict[str, Any], bytes]:
    with socket.socket(socket.AF_UNIX) as connection:
        _connect(connection, question)
        channel = Channel(connection)
        channel.within(question.left)
        is_sent = False
        try:
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # it may have said why
                channel.send(question.request.head(), question.body)
                is_sent = True
            return channel.receive()
        except (OSError, EOFError, ValueError) as error:
            raise _unanswered(question, error, is_sent) from error


def _connect(connection: socket.socket, question: _Question) -> None:
    """Connect, waiting while all places before the socket are taken, which a time-out of Python's does not.

    Raises:
        Refused: it cannot be; nothing was asked.
    """
    seconds = max(question.left, 0.001)
    limit = TIMEVAL.pack(int(seconds), int(seconds % 1 * 1_000_000))
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, limit)  # unix(7): connect(2) heeds it
    try:
        connection.connect(str(question.path))
    except OSError as error:
        where, why = str(question.path), error.strerror or str(error)
        if error.errno in (errno.EACCES, errno.EPERM):
            title = "The right to ask the agent is missing"
            raise Refused(Kind.FORBIDDEN, title, [_no_right(question.path)]) from error
        if error.errno == errno.EAGAIN:
            fault = Fault(where, f"the agent does not answer: it has taken no connection for {seconds:.0f} s", HUNG)
            raise Refused(Kind.UNAVAILABLE, "The agent hangs", [fault]) from error
        mend = "start it with `wicketd`, or name its configuration with --config"
        fault = Fault(where, f"the agent does not answer ({why}); nothing was done", mend)
        raise Refused(Kind.UNAVAILABLE, "The agent is not running", [fault]) from error


HUNG = "see what it does: `systemctl status wicketd` and its log; restart it if it hangs: the kernel goes on meanwhile"


def _unanswered(question: _Question, error: Exception, is_sent: bool) -> Refused:
    """Return the refusal for a connection on which no answer came."""
    late = isinstance(error, TimeoutError)
    why = "the agent does not answer" + (" in time" if late else f": it closed the connection ({error})")
    if not is_sent:
        fault = Fault(str(question.path), f"{why}, and has not taken the whole request: nothing was done", HUNG)
    elif isinstance(question.request, Order):
        mend = f"look before you ask again: `wicket status`, `wicket policy get`, `wicket allow list`; {HUNG}"
        fault = Fault(str(question.path), f"{why}; it is not known whether it was done", mend)
    else:
        fault = Fault(str(question.path), why, HUNG)
    return _refused("The agent does not answer", fault, question.request if is_sent else None)


def _refused(title: str, fault: Fault, request: Request[Any] | None) -> Refused:
    """Return a refusal of somebody who cannot know what became of an order that was sent."""
    return Refused(Kind.UNAVAILABLE, title, [fault], done=None if isinstance(request, Order) else False)


def _no_right(path: Path) -> Fault:
    """Return what this user lacks to ask at a socket: its group, or that of the directory which hides it."""
    me, gid = accounts.user(os.geteuid()), 0
    for place in (path, *path.parents):
        with contextlib.suppress(OSError):
            gid = place.stat().st_gid
            break
    if not gid:
        return Fault(str(path), f"it is for root alone, and this is {me}", "ask as root: sudo wicket …")
    why = f"it is for root and the group {accounts.group(gid)}, and this is {me}, who is not in that group"
    return Fault(str(path), why, f"{accounts.joining(gid)}; or ask as root: sudo wicket …")
