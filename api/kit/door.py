"""Who may do what: writing needs the bearer token, reading needs it only where strangers reach the API."""

import hmac
import ipaddress
from collections.abc import Callable

from flask import Response, current_app, g, request

from api.kit.contract import READING, contract_of, scopes_for
from api.kit.problem import problem
from api.kit.token import TokenSource
from control.fault import Fault, Kind, Refused
from control.registry.access.actor import Actor

GATEWAY_OPERATOR = Actor("operator", frozenset({"operator"}))
"""Whoever has the gateway's token; that is also how a fresh registry gets its first persons."""

Recognise = Callable[[str], tuple[Actor, str]]
"""Returns who shows a token of the registry, and the token's id; refuses one that is not good."""

Refuse = Callable[[Refused], None]
"""Told of a good token's request that was refused at the door."""


class Doorkeeper:
    """Lets a request in or answers 401 or 403, before any view sees it.

    With a registry its tokens are good as well, and reading needs one wherever the API listens: the list says who is
    registered.
    """

    def __init__(
        self, listen: str, token: TokenSource, recognise: Recognise | None = None, audit: Refuse | None = None
    ) -> None:
        self.loopback = is_loopback(listen)
        self.token = token
        self.recognise, self.audit = recognise, audit

    def check(self) -> Response | None:
        """Return None to let the present request in, else the answer that refuses it."""
        if request.routing_exception is not None:
            return None  # nothing will be done: 404 and 405 tell more than 401
        if self.loopback and self.recognise is None:
            g.is_known = True  # whoever is on this machine
        contract = contract_of(_view())
        if contract is not None and contract.public:
            return None
        if request.method in READING and self.loopback and self.recognise is None:
            return None
        authorization = request.authorization
        offered = authorization.token if authorization and authorization.type == "bearer" else None
        try:
            g.actor, g.token_id = self._identify(offered)
            g.is_known = True
        except Refused as refused:
            if refused.kind != Kind.UNAUTHORIZED:
                raise
            return problem(refused, {"WWW-Authenticate": challenge(wrong=offered is not None)})
        self._demand_scope(g.actor)
        return None

    def _identify(self, offered: str | None) -> tuple[Actor, str]:
        if offered is not None and hmac.compare_digest(offered.encode(), self.token.read().encode()):
            return GATEWAY_OPERATOR, "gateway"
        if offered is not None and self.recognise is not None:
            return self.recognise(offered)
        why = "the bearer token is missing" if offered is None else "this is not the gateway's bearer token"
        where = str(self.token.path) if g.get("is_known") else "the file api-token of its state"
        mend = f"send `Authorization: Bearer TOKEN`; the gateway's is in {where}"
        raise Refused(Kind.UNAUTHORIZED, "A token is needed", [Fault("header Authorization", why, mend)])

    def _demand_scope(self, actor: Actor) -> None:
        allowed = scopes_for(_view())
        if actor.scopes & allowed:
            return
        mend = f"use a token with the scope {' or '.join(sorted(allowed))}"
        fault = Fault("header Authorization", f"the token has the scope {', '.join(sorted(actor.scopes))}", mend)
        refused = Refused(Kind.FORBIDDEN, "The token is not for this", [fault])
        if self.audit is not None:
            self.audit(refused)
        raise refused


def _view() -> Callable[..., object] | None:
    return current_app.view_functions.get(request.endpoint or "")


def challenge(wrong: bool) -> str:
    """Return the value of WWW-Authenticate (RFC 6750, section 3): no error code when no token was sent."""
    return 'Bearer realm="wicketgate"' + (', error="invalid_token"' if wrong else "")


def is_loopback(listen: str) -> bool:
    """Say whether ``listen``, "address:port", can be reached from this machine alone."""
    return is_local(listen.rpartition(":")[0].strip("[]"))


def is_local(host: str) -> bool:
    """Say whether an address, or the name localhost, is this machine's alone."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
