"""The views' way to the agent."""

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from flask import current_app, g
from typing_extensions import Buffer

from api.kit import shared
from control.commands.client import AgentSocket
from control.commands.policy import PolicyState, Rule, SetPolicy
from control.commands.request import Order, Reply, Request
from control.fault import Fault, Kind, Refused

R = TypeVar("R", bound=Reply)

EXTENSION = "wicketgate-agent"
"""Key of the application's way to the agent; none where the configuration says that there is no gateway here."""


def is_here() -> bool:
    """Say whether there is a gateway on this machine to serve."""
    return current_app.extensions[EXTENSION] is not None


def ask(request: Request[R], body: Buffer = b"") -> R:
    """Ask the agent of the present application, an order in the name of the request's token; see AgentSocket.ask.

    Raises:
        Refused: as the agent refused; kind "unavailable" when no agent answers, or there is none on this machine.
    """
    return fetch(request, body)[0]


def fetch(request: Request[R], body: Buffer = b"") -> tuple[R, bytes]:
    """Like ``ask`` for what has a body in its reply: return both.

    Raises:
        Refused: as for ``ask``.
    """
    if not is_here():
        fault = Fault("api.gateway", "it is false: the registry is alone on this machine", "ask the API of an edge")
        raise Refused(Kind.UNAVAILABLE, "There is no gateway here", [fault])
    socket = cast(AgentSocket, current_app.extensions[EXTENSION])
    if isinstance(request, Order) and (token := g.get("token_id")):
        request = request.model_copy(update={"who": f"token {token}", "person": g.actor.id})
    registry = shared.registry() if isinstance(request, Order) else None
    if registry is None:
        return socket.fetch(request, body)
    try:
        reply, answer = socket.fetch(request, body)
    except Refused as refused:
        registry.note_order(cast("Order[Any]", request), body, refused)
        raise
    registry.note_order(cast("Order[Any]", request), body, reply)
    return reply, answer


def set_policy(rules: Mapping[str, Mapping[str, Any]], seen: str) -> PolicyState:
    """Have the agent set rules while its policy still is the one that the ETag ``seen`` names."""
    policy = {protocol: Rule.model_validate(rule) for protocol, rule in rules.items()}
    # Two people have agreed to it, which is more than to confirm it.
    return ask(SetPolicy(policy=policy, if_match=seen, confirm_within=0))
