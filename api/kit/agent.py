"""The views' way to the agent."""

from collections.abc import Mapping
from typing import Any, cast

from flask import current_app
from typing_extensions import Buffer

from control.commands.wire import AgentSocket
from control.fault import Fault, Kind, Refused

EXTENSION = "wicketgate-agent"
"""Key of the application's way to the agent; none where the configuration says that there is no gateway here."""


def is_here() -> bool:
    """Say whether there is a gateway on this machine to serve."""
    return current_app.extensions[EXTENSION] is not None


def call(verb: str, body: Buffer = b"", **arguments: Any) -> tuple[dict[str, Any], bytes]:
    """Ask the agent of the present application; see AgentSocket.call.

    Raises:
        Refused: as the agent refused; kind "unavailable" when no agent answers, or there is none on this machine.
    """
    if not is_here():
        fault = Fault("api.gateway", "it is false: the registry is alone on this machine", "ask the API of an edge")
        raise Refused(Kind.UNAVAILABLE, "There is no gateway here", [fault])
    socket = cast(AgentSocket, current_app.extensions[EXTENSION])
    return socket.call(verb, body, **arguments)


def ask(verb: str, **arguments: Any) -> dict[str, Any]:
    """Like ``call`` for the verbs without bodies: return the result alone."""
    return call(verb, **arguments)[0]


def set_policy(rules: Mapping[str, Mapping[str, Any]], seen: str) -> dict[str, Any]:
    """Have the agent set rules while its policy still is the one that the ETag ``seen`` names."""
    return ask("set_policy", policy=rules, if_match=seen)
