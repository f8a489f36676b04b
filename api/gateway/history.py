"""/v1/history: what was changed at this edge; /v1/rollback: the way back."""

from apiflask import APIBlueprint
from pydantic import Field
from werkzeug.routing import IntegerConverter, Map

from api.gateway.schema import ChangeQuery
from api.kit import agent
from api.kit.contract import GATEWAY_READERS, GATEWAY_WRITERS, Contract, serves
from api.kit.schema import Strict
from control.commands.history import (
    MOST_REVISION,
    CompareRevisions,
    Difference,
    LastRevisions,
    ReadHistory,
    RevisionShown,
    RollBack,
    RolledBack,
    ShowRevision,
)

blueprint = APIBlueprint("history", __name__, tag="History")


class RevisionConverter(IntegerConverter):
    """A number in a path: of one that no revision can have there is no such path."""

    def __init__(self, url_map: Map) -> None:
        super().__init__(url_map, max=MOST_REVISION)


class HistoryQuery(Strict):
    """Parameters of reading history."""

    most: int = Field(50, ge=1, le=10_000, description="Revisions at most.")


class DifferenceQuery(Strict):
    """Parameters of a comparison."""

    one: int = Field(ge=0, le=MOST_REVISION, description="The first revision.")
    other: int = Field(ge=0, le=MOST_REVISION, description="The second.")


@blueprint.get("/v1/history")
@blueprint.input(HistoryQuery, location="query", arg_name="query")
@serves(Contract(GATEWAY_READERS, LastRevisions))
def read(query: HistoryQuery) -> LastRevisions:
    """Read what was changed.

    Revision by revision, the newest first.
    """
    return agent.ask(ReadHistory(most=query.most))


@blueprint.get("/v1/history/<int:revision>")
@serves(Contract(GATEWAY_READERS, RevisionShown))
def show(revision: int) -> RevisionShown:
    """Read what one revision did."""
    return agent.ask(ShowRevision(revision=revision))


@blueprint.get("/v1/history/difference")
@blueprint.input(DifferenceQuery, location="query", arg_name="query")
@serves(Contract(GATEWAY_READERS, Difference))
def compare(query: DifferenceQuery) -> Difference:
    """Read what is between two revisions."""
    return agent.ask(CompareRevisions(one=query.one, other=query.other))


@blueprint.post("/v1/history/<int:revision>/rollback")
@blueprint.input(ChangeQuery, location="query", arg_name="query")
@serves(Contract(GATEWAY_WRITERS, RolledBack))
def roll_back(revision: int, query: ChangeQuery) -> RolledBack:
    """Go back to a revision.

    The local list is made again what it was, and what the feed's list then let through is let through again. What was
    added since is cut by that: beyond the guard's limits it is held.
    """
    order = RollBack(
        revision=revision,
        dry_run=query.dry_run,
        override=query.override,
        confirm_within=query.confirm_within,
    )
    return agent.ask(order)
