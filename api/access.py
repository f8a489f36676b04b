"""Who may do what: writing needs the bearer token, reading needs it only where strangers reach the API."""

import hmac
import ipaddress
import os
import secrets
import stat
import tempfile
from collections.abc import Callable
from pathlib import Path

from flask import Response, current_app, g, request

from api.contract import READING, scopes_for
from api.problem import problem
from control.fault import Fault, Refused
from control.registry.actor import Actor

TOKEN_BYTES = 32  # 256 bits: no guessing, so no counting of attempts either
PUBLIC = frozenset({"check.check", "health.alive", "health.ready", "openapi"})
"""Endpoints that never ask for the token."""


class TokenFile:
    """The file that holds the bearer token, made at the first start and readable by its owner alone.

    It is read anew for every request that needs it, so replacing the file replaces the token at once.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def ensure(self) -> None:
        """Make the file with a new token unless there is one.

        Of two processes that start at once one makes it and both use it: ``link`` refuses the second.

        Raises:
            Refused: kind "bad-configuration", the file cannot be made or is not ours alone.
        """
        try:
            if not self.path.exists():
                self._make()
        except OSError as error:
            raise self._refused(f"cannot be made ({error.strerror})", "name a directory to write to") from error
        self.read()

    def _make(self) -> None:
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(prefix=f".{self.path.name}.", dir=self.path.parent)  # mode 0600
        try:
            with os.fdopen(descriptor, "w") as file:
                file.write(secrets.token_urlsafe(TOKEN_BYTES) + "\n")
                file.flush()
                os.fsync(descriptor)
            os.link(name, self.path)
        except FileExistsError:
            return
        finally:
            Path(name).unlink()

    def read(self) -> str:
        """Return the token.

        Raises:
            Refused: kind "bad-configuration", the file is missing, empty or not ours alone.
        """
        try:
            with self.path.open() as file:
                status = os.fstat(file.fileno())
                token = file.read().strip()
        except (OSError, UnicodeDecodeError) as error:
            raise self._refused(f"cannot be read ({error})", "restart wicket-api, which makes it") from error
        if status.st_uid != os.geteuid() or stat.S_IMODE(status.st_mode) & 0o077:
            raise self._refused("others than its owner may read it", f"chown it to uid {os.geteuid()}, chmod 600")
        if not token:
            raise self._refused("is empty", "remove it and restart wicket-api, which makes it anew")
        return token

    def _refused(self, why: str, mend: str) -> Refused:
        return Refused("bad-configuration", "The API's token file is unusable", [Fault(str(self.path), why, mend)])


GATEWAY_OPERATOR = Actor("operator", frozenset({"operator"}))
"""Whoever has the gateway's token; that is also how a fresh registry gets its first officer."""

Recognise = Callable[[str], tuple[Actor, str]]
"""Returns who shows a token of the registry, and the token's id; refuses one that is not good."""

Refuse = Callable[[Refused], None]
"""Told of a good token's request that was refused at the door."""


class Door:
    """Lets a request in or answers 401 or 403, before any view sees it.

    With a registry its tokens are good as well, and reading needs one wherever the API listens: the list says who is
    registered.
    """

    def __init__(
        self, listen: str, token: TokenFile, recognise: Recognise | None = None, audit: Refuse | None = None
    ) -> None:
        self.loopback = is_loopback(listen)
        self.token = token
        self.recognise, self.audit = recognise, audit

    def check(self) -> Response | None:
        """Return None to let the present request in, else the answer that refuses it."""
        if request.routing_exception is not None or request.endpoint in PUBLIC:
            return None  # of the former nothing will be done: 404 and 405 tell more than 401
        if request.method in READING and self.loopback and self.recognise is None:
            return None
        authorization = request.authorization
        offered = authorization.token if authorization and authorization.type == "bearer" else None
        try:
            g.actor, g.token_id = self._identify(offered)
        except Refused as refused:
            if refused.kind != "unauthorized":
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
        mend = f"send `Authorization: Bearer TOKEN`; the token is in {self.token.path} on the gateway"
        raise Refused("unauthorized", "A token is needed", [Fault("header Authorization", why, mend)])

    def _demand_scope(self, actor: Actor) -> None:
        allowed = scopes_for(current_app.view_functions.get(request.endpoint or ""), request.method)
        if actor.scopes & allowed:
            return
        mend = f"use a token with the scope {' or '.join(sorted(allowed))}"
        fault = Fault("header Authorization", f"the token has the scope {', '.join(sorted(actor.scopes))}", mend)
        refused = Refused("forbidden", "The token is not for this", [fault])
        if self.audit is not None:
            self.audit(refused)
        raise refused


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
