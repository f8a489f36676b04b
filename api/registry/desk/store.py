"""The views' way to the registry's database, as whoever asks."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

from flask import Response, current_app, g, request
from sqlalchemy.orm import Session

from control.fault import Refused
from control.registry.access import tokens
from control.registry.access.actor import Actor
from control.registry.publication import serials
from control.registry.store.database import Database, utc_now
from control.registry.store.writing import Writing

EXTENSION = "wicketgate-registry"
USES = "wicketgate-uses"


def database() -> Database:
    """Return the registry's database of the present application."""
    return cast(Database, current_app.extensions[EXTENSION])


def actor() -> Actor:
    """Return who asks."""
    return cast(Actor, g.actor)


def request_id() -> str:
    """Return what the audit has of the present request: by which door it came, and its id, which a client may say.

    The command line says there who sat at the machine; no client says that.
    """
    return f"http {g.request_id}"


@contextmanager
def reading() -> Iterator[Session]:
    """Open a read transaction; see Database.reading."""
    with database().reading() as session:
        yield session


def demand() -> int:
    """Return the registry's serial.

    Raises:
        Refused: "unavailable": its database cannot be read.
    """
    with reading() as session:
        return serials.head(session).serial


@contextmanager
def writing() -> Iterator[Writing]:
    """Open a write transaction as whoever asks; see Database.writing."""
    with database().writing(actor(), request_id()) as writing:
        yield writing


@contextmanager
def attempting(action: str, object_: str) -> Iterator[None]:
    """Have a refusal audited that comes before any service could do it."""
    try:
        yield
    except Refused as refused:
        database().record_refusal(actor(), request_id(), refused, action, object_)
        raise


def recognise(secret: str) -> tuple[Actor, str]:
    """Return who shows a token and the token's id; its use is noted now and then, beside the request.

    Raises:
        Refused: "unauthorized": the token is unknown, expired or revoked.
    """
    keys = database().keys
    with reading() as session:
        bearer = tokens.authenticate(session, keys, secret, utc_now())
    if bearer.unnoted:
        current_app.extensions[USES].note(bearer.token_id, utc_now())
    if bearer.news:
        g.news = bearer.news
    return bearer.actor, bearer.token_id


def show_news(response: Response) -> Response:
    """Have every answer tell how many tokens others have lately made in the name of whoever asks."""
    if "news" in g:
        response.headers["Wicketgate-Made-In-Your-Name"] = str(g.news)
    return response


def audit_refusal(refused: Refused) -> None:
    """Have it audited that a good token was refused at the door."""
    object_ = next((str(value) for value in (request.view_args or {}).values()), "")
    database().record_refusal(actor(), request_id(), refused, str(request.endpoint), object_)
