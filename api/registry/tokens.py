"""/v1/tokens: by which everybody is known; a token itself is shown once, when it is made."""

from datetime import datetime, timedelta
from typing import Literal

from apiflask import APIBlueprint
from flask import g
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from api.kit.schema import Strict
from api.registry.desk import paging, store
from api.registry.desk.operation import Given, Nothing, ViewAnswer, creates, reads, steps
from api.registry.desk.paging import each_by
from api.registry.records import Identifier, VersionedRecord
from control.fault import Fault, Kind, Refused
from control.registry.access import sight, tokens
from control.registry.access.actor import SCOPES
from control.registry.parties.lines import Line
from control.registry.store import rows
from control.registry.store.model import Token

Scope = Literal["registrant", "provider", "officer", "operator", "auditor", "public"]

MEND = "write the id of one person, registrant or provider as holder"

blueprint = APIBlueprint("tokens", __name__, tag="Tokens")


class TokenNew(Strict):
    """A token to make."""

    name: Line = Field(description="What it is for.")
    scopes: list[Scope] = Field(min_length=1, max_length=6)
    holder: Line | None = Field(
        None, description="Id of the person whose it is; or the registrant's or provider's, as below."
    )
    days: int = Field(90, ge=1, le=tokens.LONGEST.days, description="How long it is good.")
    registrant_id: Identifier | None = Field(None, description="Whose, with the scope registrant.")
    provider_id: Identifier | None = Field(None, description="Whose, with the scope provider.")

    def whose(self) -> str:
        """Return the id of whom it is for.

        Raises:
            Refused: "invalid": nobody is named, or several.
        """
        said = {"holder": self.holder, "registrant_id": self.registrant_id, "provider_id": self.provider_id}
        named = {name: id_ for name, id_ in said.items() if id_ is not None}
        if len(set(named.values())) == 1:
            return next(iter(named.values()))
        fault = Fault(" and ".join(named) or "holder", "name several" if named else "is missing", MEND)
        raise Refused(Kind.INVALID, "A token is for one person or organisation", [fault])


class TokenRecord(VersionedRecord):
    """A token, without the token itself."""

    name: str
    scopes: list[str]
    holder: str
    registrant_id: str | None
    provider_id: str | None
    makers: list[str] = Field(description="Who made it, and who made the token by which that was done, and so on.")
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
    return ViewAnswer(paging.listed(session, visible, query, COLUMNS, each_by(TokenRecord.model_validate)))


@blueprint.post("/v1/tokens")
@creates(TokenMade, "token.create", TokenNew)
def create(given: Given[TokenNew]) -> ViewAnswer:
    """Make a token.

    It is a person's, a registrant's or a provider's, who is told of it; an operator makes those of officers and
    operators. Where several persons have to act, whoever made it and whoever holds it count as one. It is shown once:
    the same request, when it comes again, gets the same answer without it, for nothing that is kept holds a token.
    """
    new = given.body
    order = tokens.NewToken(new.name, tuple(new.scopes), new.whose(), timedelta(days=new.days))
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
    """Make a token good for nothing from now on.

    Everybody may do that with his own; an officer with those of registrants, providers and auditors too, and an
    operator with all.
    """
    token = tokens.revoke(given.writing, token_id, given.version)
    return ViewAnswer(TokenRecord.model_validate(token), token.version)


class SelfRecord(BaseModel):
    """Who you are to the registry."""

    id: str
    scopes: list[str]
    registrant_id: str | None
    provider_id: str | None
    token_id: str = Field(description='Of the token that was shown; "gateway" for the gateway\'s own.')
    makers: list[str] = Field(description="Who made it: with these you count as one person.")
    made_by_others: list[TokenRecord] = Field(
        description="Other tokens that somebody has made in your name within a week: revoke what you did not ask for."
    )


@blueprint.get("/v1/self")
@reads(SelfRecord, "self.read")
def read_self(session: Session) -> ViewAnswer:
    """Read who you are, and which tokens somebody else has made in your name.

    As long as there are any, every answer has their number in the header Wicketgate-Made-In-Your-Name.
    """
    actor = store.actor()
    others = tokens.made_by_others(session, actor, store.database().now(), but=g.token_id)
    content = {
        "id": actor.id,
        "scopes": [scope for scope in SCOPES if scope in actor.scopes],
        "registrant_id": actor.registrant,
        "provider_id": actor.provider,
        "token_id": g.token_id,
        "makers": list(actor.makers),
        "made_by_others": [TokenRecord.model_validate(token) for token in others],
    }
    return ViewAnswer(SelfRecord(**content))
