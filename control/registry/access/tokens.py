"""Bearer tokens: 256 random bits, shown once, kept as a keyed digest, good until they expire or are revoked.

So many random bits cannot be guessed from a digest, so a fast one will do, and every request can afford it.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from control.fault import Fault, Kind, Refused
from control.registry.access import scopes
from control.registry.access.actor import SCOPES, Actor
from control.registry.store import rows
from control.registry.store.ids import new_id
from control.registry.store.model import Ledger, Officer, Provider, Registrant, Token
from control.registry.store.writing import Writing

PREFIX = "wkt_"
"""By which a leaked token is recognised."""

LONGEST = timedelta(days=400)
"""The longest that a token can be good for."""

NOTED = timedelta(minutes=1)
"""How old the note of a token's last use may get: a write for every read would be too much."""

UNPRIVILEGED = frozenset({"registrant", "provider", "auditor", "public"})
"""Scopes that an officer may give. The others come from an operator, or one officer could make himself two."""


@dataclass(frozen=True, slots=True)
class NewToken:
    """What a token is made of.

    Attributes:
        name: what it is for, in its owner's words.
        scopes: names of ``actor.SCOPES``.
        holder: an officer's id for the scope officer; else whoever it is given to.
        lasting: how long it is good.
    """

    name: str
    scopes: tuple[str, ...]
    holder: str
    lasting: timedelta
    registrant_id: str | None = None
    provider_id: str | None = None


@dataclass(frozen=True, slots=True)
class Bearer:
    """Whoever showed a good token.

    Attributes:
        actor: who acts.
        token_id: which token it was.
        unnoted: whether its use is to be noted by ``note_use``.
    """

    actor: Actor
    token_id: str
    unnoted: bool


def create(writing: Writing, new: NewToken) -> tuple[Token, str]:
    """Make a token; return its row, and the token itself, which cannot be had again.

    Raises:
        Refused: "invalid": no such scopes, too long a life, or a scope and no id that goes with it.
    """
    writing.set_action("token.create")
    scopes.demand(writing.actor, "token.create" if set(new.scopes) <= UNPRIVILEGED else "token.create-privileged")
    _demand_sound(writing, new)
    secret = PREFIX + secrets.token_urlsafe(32)
    token = Token(
        id=new_id("tok"),
        name=rows.demand_name(new.name),
        digest=_digest(writing.secret, secret),
        scopes=[scope for scope in SCOPES if scope in new.scopes],
        holder=rows.demand_name(new.holder, "holder"),
        registrant_id=new.registrant_id,
        provider_id=new.provider_id,
        expires_at=writing.now + new.lasting,
        created_at=writing.now,
        changed_at=writing.now,
    )
    rows.enter(writing, token)
    return token, secret


def revoke(writing: Writing, id_: str, version: int | None = None) -> Token:
    """Make a token good for nothing from now on.

    Raises:
        Refused: "conflict": it is revoked already.
    """
    writing.set_action("token.revoke", id_)
    scopes.demand(writing.actor, "token.revoke")
    token = rows.find(writing.session, writing.actor, Token, id_)
    rows.demand_versions([token], {id_: version})
    if token.revoked_at is not None:
        fault = Fault(id_, f"was revoked at {token.revoked_at:%Y-%m-%d %H:%M} UTC", "nothing is left to do")
        raise Refused(Kind.CONFLICT, "The token is revoked", [fault])
    rows.change(writing, "token.revoke", token, {"revoked_at": writing.now})
    return token


def authenticate(session: Session, secret: str, now: datetime) -> Bearer:
    """Return who shows a token.

    Raises:
        Refused: "unauthorized": it is unknown, expired or revoked.
    """
    digest = _digest(session.scalars(select(Ledger.secret)).one(), secret)
    token = session.scalar(select(Token).where(Token.digest == digest))
    why = "is not known" if token is None else _why_bad(token, now)
    if token is None or why:
        fault = Fault("Authorization", f"the token {why}", "have a new one made: wicket registry token create")
        raise Refused(Kind.UNAUTHORIZED, "The token is not good", [fault])
    actor = Actor(token.holder, frozenset(token.scopes), token.registrant_id, token.provider_id)
    return Bearer(actor, token.id, token.used_at is None or now - token.used_at >= NOTED)


def note_use(writing: Writing, token_id: str) -> None:
    """Note that a token was used now; that is no change of it, so it has no version and no audit."""
    writing.session.get_one(Token, token_id).used_at = writing.now


def _why_bad(token: Token, now: datetime) -> str:
    if token.revoked_at is not None:
        return "was revoked"
    return f"expired at {token.expires_at:%Y-%m-%d %H:%M} UTC" if token.expires_at <= now else ""


def _digest(key: bytes, secret: str) -> bytes:
    return hmac.digest(key, secret.encode(errors="surrogatepass"), hashlib.sha256)


def _demand_sound(writing: Writing, new: NewToken) -> None:
    faults = [
        Fault("scopes", f"{scope} is no scope", f"write some of {', '.join(SCOPES)}")
        for scope in new.scopes
        if scope not in SCOPES
    ]
    if not new.scopes:
        faults.append(Fault("scopes", "are missing", f"write some of {', '.join(SCOPES)}"))
    if not timedelta(0) < new.lasting <= LONGEST:
        faults.append(Fault("lasting", f"{new.lasting} is too short or too long", f"write at most {LONGEST.days} days"))
    for scope, id_ in (("registrant", new.registrant_id), ("provider", new.provider_id)):
        if (scope in new.scopes) != (id_ is not None):
            faults.append(Fault(f"{scope}_id", f"goes with the scope {scope}", "write both, or neither"))
    if faults:
        raise Refused(Kind.INVALID, "The token cannot be made", faults)
    if new.registrant_id is not None:
        rows.find(writing.session, writing.actor, Registrant, new.registrant_id)
    if new.provider_id is not None:
        rows.find(writing.session, writing.actor, Provider, new.provider_id)
    if "officer" in new.scopes:
        rows.find(writing.session, writing.actor, Officer, new.holder)
