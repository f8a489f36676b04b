"""/v1/edges: which gateways follow the live list, what they have of it, and what they last reported."""

from datetime import datetime
from functools import partial
from typing import Any, Literal

from apiflask import APIBlueprint
from pydantic import Field
from sqlalchemy.orm import Session

from api.registry.desk import paging, store
from api.registry.desk.operation import Given, Nothing, ViewAnswer, reads, steps
from api.registry.records import VersionedRecord
from control.registry.access import sight
from control.registry.publication import edges
from control.registry.store.model import FollowingEdge

blueprint = APIBlueprint("edges", __name__, tag="Edges")


class EdgeRecord(VersionedRecord):
    """A gateway that follows the live list; what it has not said is null."""

    name: str
    login: str | None = Field(description="The login of PostgreSQL that alone speaks for it; null: any follower's.")
    serial: int | None = Field(description="The last serial that it said it has in the kernel.")
    serial_at: datetime | None = Field(description="From when on.")
    entries: int | None = Field(description="Of the registry's that are live there.")
    held: int | None = Field(description="Of these, that the registry's list has no more, or narrower: held there.")
    reported_at: datetime | None = Field(description="When it last reported which entries are in use.")
    watched_hours: float | None = Field(description="For how long it has looked at its traffic.")
    ahead_s: float | None = Field(description="Seconds by which its clock is ahead of the registry's.")
    retired_at: datetime | None = Field(description="Since when it is no more, as an operator said.")


class EdgePage(paging.Page[EdgeRecord]):
    """A page of edges."""


class EdgeQuery(paging.PageQuery):
    """In which order."""

    sort: Literal["id", "-id", "name", "-name"] = "id"


COLUMNS: paging.Columns = {"id": FollowingEdge.id, "name": FollowingEdge.name}


@blueprint.get("/v1/edges")
@blueprint.input(EdgeQuery, location="query", arg_name="query")
@reads(EdgePage, "edge.read")
def find(session: Session, query: EdgeQuery) -> ViewAnswer:
    """List the edges, with the serial that each has, and what it last reported."""
    visible = sight.select_visible(store.actor(), FollowingEdge)
    return ViewAnswer(paging.listed(session, visible, query, COLUMNS, partial(edges.records, session)))


@blueprint.post("/v1/edges/<id:edge_id>/retire")
@steps(EdgeRecord, "edge.retire", Nothing)
def retire(given: Given[Nothing], edge_id: str) -> ViewAnswer:
    """Say that an edge is no more, so that nothing waits for its reports.

    One that is heard from again is back.
    """
    edge = edges.retire(given.writing, edge_id, given.version)
    record: dict[str, Any] = edges.records(given.writing.session, [edge])[0]
    return ViewAnswer(record, edge.version)
