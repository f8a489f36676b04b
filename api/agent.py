"""The views' way to the agent."""

from collections.abc import Mapping
from typing import Any, cast

from flask import current_app
from typing_extensions import Buffer

from control.wire import AgentSocket

EXTENSION = "wicketgate-agent"


def call(verb: str, body: Buffer = b"", **arguments: Any) -> tuple[dict[str, Any], bytes]:
    """Ask the agent of the present application; see AgentSocket.call.

    Raises:
        Refused: as the agent refused; kind "unavailable" when no agent answers.
    """
    socket = cast(AgentSocket, current_app.extensions[EXTENSION])
    return socket.call(verb, body, **arguments)


def ask(verb: str, **arguments: Any) -> dict[str, Any]:
    """Like ``call`` for the verbs without bodies: return the result alone."""
    return call(verb, **arguments)[0]


def set_policy(rules: Mapping[str, Mapping[str, Any]], seen: str) -> dict[str, Any]:
    """Have the agent set rules while its policy still is the one that the ETag ``seen`` names."""
    return ask("set_policy", policy=rules, if_match=seen)
