"""/v1/tokens: by which everybody is known; a token itself is shown once, when it is made."""

from datetime import datetime, timedelta
from typing import Literal

from apiflask import APIBlueprint
from pydantic import Field
from sqlalchemy.orm import Session

from api.kit.schema import Strict
from api.registry.desk import paging, store
from api.registry.desk.operation import Given, Nothing, ViewAnswer, creates, reads, steps
from api.registry.records import Identifier, VersionedRecord
from control.registry.access import sight, tokens
from control.registry.parties.lines import Line
from control.registry.store import rows
from control.registry.store.model import Token

Scope = Literal["registrant", "provider", "officer", "operator", "auditor", "public"]

blueprint = APIBlueprint("tokens", __name__, tag="Tokens")


class TokenNew(Strict):
    """A token to make."""

    name: Line = Field(description="What it is for.")
    scopes: list[Scope] = Field(min_length=1, max_length=6)
    holder: Line = Field(description="An officer's id for the scope officer; else whoever it is given to.")
    days: int = Field(90, ge=1, le=tokens.LONGEST.days, description="How long it is good.")
    registrant_id: Identifier | None = Field(None, description="Whose, with the scope registrant.")
    provider_id: Identifier | None = Field(None, description="Whose, with the scope provider.")


class TokenRecord(VersionedRecord):
    """A token, without the token itself."""

    name: str
    scopes: list[str]
    holder: str
    registrant_id: str | None
    provider_id: str | None
    expires_at: datetime
    revoked_at: datetime | None
    used_at: datetime | None = Field(description="Last used, to the minute.")


class TokenMade(TokenRecord):
    """A new token; the first answer is the only one that has it."""

    token: str | None = Field(description="The token itself; null when the same request came again.")


class TokenPage(paging.Page[TokenRecord]):
    """A page of tokens."""


class TokenQuery(paging.PageQuery):
    """Which tokens, and in which order."""

    sort: Literal["id", "-id", "expires_at", "-expires_at"] = "id"
    holder: Line | None = None
    registrant_id: Identifier | None = None
    provider_id: Identifier | None = None


COLUMNS: paging.Columns = {
    name: getattr(Token, name) for name in ("id", "expires_at", "holder", "registrant_id", "provider_id")
}


@blueprint.get("/v1/tokens")
@blueprint.input(TokenQuery, location="query", arg_name="query")
@reads(TokenPage, "token.read")
def find(session: Session, query: TokenQuery) -> ViewAnswer:
    """List tokens."""
    visible = sight.select_visible(store.actor(), Token).where(*paging.filters(query, COLUMNS))
    items, next_ = paging.page(session, visible, query, COLUMNS)
    return ViewAnswer(TokenPage(items=[TokenRecord.model_validate(token) for token in items], next=next_))


@blueprint.post("/v1/tokens")
@creates(TokenMade, "token.create", TokenNew)
def create(given: Given[TokenNew]) -> ViewAnswer:
    """Make a token.

    An operator makes those of officers and operators. It is shown once: the same request, when it comes again, gets
    the same answer without it, for nothing that is kept holds a token.
    """
    new = given.body
    order = tokens.NewToken(
        new.name, tuple(new.scopes), new.holder, timedelta(days=new.days), new.registrant_id, new.provider_id
    )
    token, secret = tokens.create(given.writing, order)
    record = TokenRecord.model_validate(token).model_dump()
    shown, again = (TokenMade(**record, token=shown_secret) for shown_secret in (secret, None))
    return ViewAnswer(shown, token.version, f"/v1/tokens/{token.id}", again=again)


@blueprint.get("/v1/tokens/<id:token_id>")
@reads(TokenRecord, "token.read")
def read(session: Session, token_id: str) -> ViewAnswer:
    """Read a token's record."""
    token = rows.find(session, store.actor(), Token, token_id)
    return ViewAnswer(TokenRecord.model_validate(token), token.version)


@blueprint.post("/v1/tokens/<id:token_id>/revoke")
@steps(TokenRecord, "token.revoke", Nothing)
def revoke(given: Given[Nothing], token_id: str) -> ViewAnswer:
    """Make a token good for nothing from now on."""
    token = tokens.revoke(given.writing, token_id, given.version)
    return ViewAnswer(TokenRecord.model_validate(token), token.version)
