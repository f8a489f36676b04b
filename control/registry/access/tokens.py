"""Bearer tokens: 256 random bits, shown once, kept as a keyed digest, good until they expire or are revoked.

So many random bits cannot be guessed from a digest, so a fast one will do, and every request can afford it.
"""

import contextlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from control.fault import Fault, Kind, Refused, shown
from control.registry.access import scopes
from control.registry.access.actor import SCOPES, Actor
from control.registry.store import rows
from control.registry.store.ids import new_id
from control.registry.store.keys import Keys
from control.registry.store.model import Person, Provider, Registrant, Token
from control.registry.store.writing import Writing, portions

PREFIX = "wkt_"
"""By which a leaked token is recognised."""

LONGEST = timedelta(days=400)
"""The longest that a token can be good for."""

NOTED = timedelta(minutes=1)
"""How old the note of a token's last use may get: a write for every read would be too much."""

NEWS = timedelta(days=7)
"""For how long a holder is told that somebody has made a token in its name."""

UNPRIVILEGED = frozenset({"registrant", "provider", "auditor", "public"})
"""Scopes that an officer may give and take. The others are an operator's to give, or one officer could make himself
two, and to take, or one officer could lock out all others."""

PARTIES = ("registrant", "provider")
"""Scopes of an organisation's token, which has that scope alone: else it would confirm what it has applied for."""


@dataclass(frozen=True, slots=True)
class NewToken:
    """What a token is made of.

    Attributes:
        name: what it is for, in its owner's words.
        scopes: names of ``actor.SCOPES``, as far as they go with the holder.
        holder: id of the person, the registrant or the provider that it is for.
        lasting: how long it is good.
    """

    name: str
    scopes: tuple[str, ...]
    holder: str
    lasting: timedelta


@dataclass(frozen=True, slots=True)
class Bearer:
    """Whoever showed a good token.

    Attributes:
        actor: who acts.
        token_id: which token it was.
        unnoted: whether its use is to be noted by ``note_uses``.
        news: other tokens that somebody has lately made in the actor's name.
    """

    actor: Actor
    token_id: str
    unnoted: bool
    news: int = 0


def create(writing: Writing, new: NewToken) -> tuple[Token, str]:
    """Make a token; return its row, and the token itself, which cannot be had again.

    Raises:
        Refused: "invalid": no such scopes, too long a life, or a holder that they do not go with; "not-found".
    """
    writing.set_action("token.create")
    scopes.demand(writing.actor, "token.create" if set(new.scopes) <= UNPRIVILEGED else "token.create-privileged")
    _demand_sound(new)
    holder = _holder(writing, new.holder)
    _demand_goes_with(new.scopes, holder)
    secret = PREFIX + secrets.token_urlsafe(32)
    token = Token(
        id=new_id("tok"),
        name=rows.demand_name(new.name),
        digest=writing.keys.of_token(secret),
        scopes=[scope for scope in SCOPES if scope in new.scopes],
        holder=holder.id,
        registrant_id=holder.id if isinstance(holder, Registrant) else None,
        provider_id=holder.id if isinstance(holder, Provider) else None,
        makers=[maker for maker in dict.fromkeys(writing.actor.behind) if maker != holder.id],
        expires_at=writing.now + new.lasting,
        created_at=writing.now,
        changed_at=writing.now,
    )
    rows.enter(writing, token)
    return token, secret


def revoke(writing: Writing, id_: str, version: int | None = None) -> Token:
    """Make a token good for nothing from now on; everybody may do that with his own.

    Raises:
        Refused: "forbidden": it is somebody else's, and not the actor's to take; "conflict": it is revoked already.
    """
    writing.set_action("token.revoke", id_)
    scopes.demand(writing.actor, "token.revoke")
    token = rows.find(writing.session, writing.actor, Token, id_)
    if token.holder != writing.actor.id:
        privileged = not set(token.scopes) <= UNPRIVILEGED
        scopes.demand(writing.actor, f"token.revoke-{'privileged' if privileged else 'unprivileged'}")
    rows.demand_versions([token], {id_: version})
    if token.revoked_at is not None:
        fault = Fault(id_, f"was revoked at {token.revoked_at:%Y-%m-%d %H:%M} UTC", "nothing is left to do")
        raise Refused(Kind.CONFLICT, "The token is revoked", [fault])
    rows.change(writing, "token.revoke", token, {"revoked_at": writing.now})
    return token


def authenticate(session: Session, keys: Keys, secret: str, now: datetime) -> Bearer:
    """Return who shows a token.

    Raises:
        Refused: "unauthorized": it is unknown, expired or revoked.
    """
    try:
        token = session.scalar(select(Token).where(Token.digest == keys.of_token(secret)))
        person = session.get(Person, token.holder) if token else None
    except (ValueError, TypeError) as error:  # put in by SQL, or from an older version
        fault = Fault("Authorization", "the token's record cannot be read", "have a new one made")
        raise Refused(Kind.UNAUTHORIZED, "The token is not good", [fault]) from error
    why = "is not known" if token is None else _why_bad(token, person, now)
    if token is None or why:
        fault = Fault("Authorization", f"the token {why}", "have a new one made: wicket registry tokens create")
        raise Refused(Kind.UNAUTHORIZED, "The token is not good", [fault])
    actor = Actor(
        token.holder, _effective(token, person), token.registrant_id, token.provider_id, tuple(token.makers or ())
    )
    unnoted = token.used_at is None or now - token.used_at >= NOTED
    news = 0
    with contextlib.suppress(
        ValueError, TypeError
    ):  # another one's record cannot be read: that is not this one's fault
        news = len(made_by_others(session, actor, now, but=token.id))
    return Bearer(actor, token.id, unnoted, news)


def made_by_others(session: Session, actor: Actor, now: datetime, but: str = "") -> list[Token]:
    """Return the tokens, but for one, that somebody has lately made in the actor's name, the last first."""
    mine = select(Token).where(Token.holder == actor.id, Token.id != but, Token.revoked_at.is_(None))
    return [
        token
        for token in session.scalars(mine.where(Token.created_at > now - NEWS).order_by(Token.id.desc()))
        if token.makers
    ]


def note_uses(writing: Writing, seen: Mapping[str, datetime]) -> None:
    """Note when tokens were last used, by id; that is no change of them, so it has no version and no audit."""
    statement = update(Token).where(Token.id == bindparam("token")).values(used_at=bindparam("at"))
    for portion in portions(seen):  # nothing is read: who notes this need not see who has which token
        writing.session.connection().execute(statement, [{"token": id_, "at": seen[id_]} for id_ in portion])


def _why_bad(token: Token, person: Person | None, now: datetime) -> str:
    if token.revoked_at is not None:
        return "was revoked"
    if person is not None and person.closed_at is not None:
        return f"is of a person who was closed at {person.closed_at:%Y-%m-%d %H:%M} UTC"
    if not _effective(token, person):
        return "has no scope that its holder still has"
    return f"expired at {token.expires_at:%Y-%m-%d %H:%M} UTC" if token.expires_at <= now else ""


def _effective(token: Token, person: Person | None) -> frozenset[str]:
    """Return the scopes that a token has as long as its holder has them too."""
    if token.registrant_id or token.provider_id:
        return frozenset(token.scopes) & {*PARTIES, "public"}
    roles = person.roles if person else ()
    return frozenset(token.scopes) & {*roles, "public"}


def _demand_sound(new: NewToken) -> None:
    faults = [
        Fault("scopes", f"{shown(scope)} is no scope", f"write some of {', '.join(SCOPES)}")
        for scope in new.scopes
        if scope not in SCOPES
    ]
    if not new.scopes:
        faults.append(Fault("scopes", "are missing", f"write some of {', '.join(SCOPES)}"))
    if not timedelta(0) < new.lasting <= LONGEST:
        faults.append(Fault("lasting", f"{new.lasting} is too short or too long", f"write at most {LONGEST.days} days"))
    if faults:
        raise Refused(Kind.INVALID, "The token cannot be made", faults)


def _holder(writing: Writing, id_: str) -> Person | Registrant | Provider:
    """Return whom a token is for.

    Raises:
        Refused: "not-found".
    """
    session = writing.session
    if holder := session.get(Person, id_) or session.get(Registrant, id_) or session.get(Provider, id_):
        return holder
    lists = "`wicket registry persons list`, `wicket registry registrants list` and `wicket registry providers list`"
    fault = Fault("holder", f"{shown(id_)} is no person, registrant or provider", f"write the id of one: see {lists}")
    raise Refused(Kind.NOT_FOUND, "There is nobody to hold the token", [fault])


def _demand_goes_with(wanted: Sequence[str], holder: Person | Registrant | Provider) -> None:
    allowed = (*holder.roles, "public") if isinstance(holder, Person) else (holder.__tablename__, "public")
    faults = [
        Fault("scopes", f"{scope} does not go with {holder.id}", f"write some of {', '.join(allowed)}")
        for scope in wanted
        if scope not in allowed
    ]
    if isinstance(holder, Person) and holder.closed_at is not None:
        faults.append(Fault("holder", f"{holder.id} is closed", "reopen the person, or name another"))
    if faults:
        raise Refused(Kind.INVALID, "The token cannot be made", faults)
