"""The way to a running agent, for the command line and the API."""

import socket
import time
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError
from typing_extensions import Buffer

from control.commands.request import Order, Reply, Request
from control.commands.wire import receive, send
from control.fault import Fault, Kind, Refused
from control.host import clock
from control.rollout.origin import Door

R = TypeVar("R", bound=Reply)

GRACE = 1.0
"""Seconds that an answer is waited for beyond the order's own end: an agent that says it is too late is heard."""


PAUSE = 0.02
"""Seconds between two attempts to connect."""


class NotAskedError(Exception):
    """The agent was not asked: it did not get the whole question."""


class AgentSocket:
    """Asks the agent, one connection a question."""

    def __init__(self, path: Path, door: Door = Door.SOCKET, timeout: float = 60.0) -> None:
        """``door`` is what an order says that it came by, ``timeout`` for how many seconds an answer is waited for."""
        self.path, self.door, self.timeout = path, door, timeout

    def ask(self, request: Request[R], body: Buffer = b"") -> R:
        """Ask for something that has no body in its reply.

        Raises:
            Refused: as the agent refused; kind "unavailable" when no agent answers.
        """
        return self.fetch(request, body)[0]

    def fetch(self, request: Request[R], body: Buffer = b"") -> tuple[R, bytes]:
        """Ask for something, and return the reply and its body.

        Raises:
            Refused: as the agent refused; kind "unavailable" when no agent answers.
        """
        if isinstance(request, Order):
            request = request.model_copy(update={"door": self.door, "until": clock.now() + self.timeout})
        try:
            head, answer = self._exchange(request.head(), body)
            if "refused" in head:
                raise Refused.from_dict(head["refused"])
            return request.reply.model_validate(head["result"]), answer  # type: ignore[return-value]
        except PermissionError as error:
            mend = "be root, or become a member of the group that the socket has: usermod -aG"
            fault = Fault(str(self.path), "this user may not reach the agent's socket", mend)
            raise Refused(Kind.FORBIDDEN, "The agent may not be asked", [fault]) from error
        except NotAskedError as error:
            mend = "start it with `wicketd`, or name its configuration with --config"
            fault = Fault(str(self.path), f"the agent does not answer ({error})", mend)
            raise Refused(Kind.UNAVAILABLE, "The agent is not running", [fault]) from error
        except (OSError, EOFError, ValidationError, ValueError) as error:
            raise _not_known(self.path, error, request) from error

    def _connect(self, connection: socket.socket) -> None:
        """Connect, and wait for a place among those that wait for the agent to take them."""
        deadline = time.monotonic() + self.timeout
        while True:
            try:
                connection.connect(str(self.path))
                return
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(PAUSE)

    def _exchange(self, head: dict[str, Any], body: Buffer) -> tuple[dict[str, Any], bytes]:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(self.timeout + GRACE)
            try:
                self._connect(connection)
            except PermissionError:
                raise
            except OSError as error:
                raise NotAskedError(str(error)) from error
            with connection.makefile("rwb") as stream:
                try:
                    send(stream, head, body)
                except OSError as error:  # it has not got all of it, and does not begin before; but may say why
                    try:
                        return receive(stream)
                    except (OSError, EOFError, ValueError):
                        raise NotAskedError(str(error)) from error
                return receive(stream)


def _not_known(path: Path, error: Exception, request: Request[Any]) -> Refused:
    """Return the refusal of who asked and got no answer: an order may have been carried out in the last moment."""
    is_order = isinstance(request, Order)
    what = "it is not known whether it was done" if is_order else "nothing was to be done"
    mend = "look before you repeat it: wicket status" if is_order else "ask again; see the agent's log if it stays so"
    fault = Fault(str(path), f"the agent was asked and does not answer ({error}); {what}", mend)
    return Refused(Kind.UNAVAILABLE, "The agent does not answer", [fault], done=None if is_order else False)
