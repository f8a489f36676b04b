"""/v1/audit: who did what and when, and how things stood at a time."""

import json
import re
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from apiflask import APIBlueprint
from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, Field
from sqlalchemy.orm import Session

from api.kit.address import asked_address
from api.kit.contract import NOBODY, Contract, serves
from api.kit.schema import Strict
from api.registry.desk import paging, store
from api.registry.desk.operation import ViewAnswer, reads
from api.registry.records import Identifier
from control.registry.access import sight
from control.registry.audit import chain as audit
from control.registry.audit import heads
from control.registry.parties.lines import Line, ShortLine
from control.registry.publication import edges, serials
from control.registry.store.model import AuditRow


def _written(value: object) -> object:
    """Let only a written time pass: pydantic would take a number for seconds since 1970."""
    if isinstance(value, str) and not re.match(r"\d{4}-\d\d-\d\d[Tt ]", value, re.ASCII):
        raise ValueError("it must be a date and a time")
    return value


def _in_utc(value: datetime) -> datetime:
    """Return a time in UTC, in which the calendar has to have it too."""
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise ValueError("it is outside of the calendar in UTC") from None


MOST_NUMBER = 2**62

Moment = Annotated[
    AwareDatetime,
    BeforeValidator(_written),
    AfterValidator(_in_utc),
    Field(description="With its timezone, such as 2026-11-24T12:00:00Z."),
]

blueprint = APIBlueprint("audit", __name__, tag="Audit")


class AuditRecord(BaseModel):
    """One row: a change, or an attempt that was refused."""

    seq: int = Field(description="From 1, without gaps.")
    at: datetime
    actor: str
    request_id: str
    action: str
    object: str
    outcome: Literal["done", "refused"]
    before: dict[str, Any] = Field(description="The fields that changed, as they were.")
    after: dict[str, Any] = Field(description="The same fields after it; the refusal when it was refused.")
    hash: str = Field(description="SHA-256 over the hash before it and this row.")


class AuditPage(paging.Page[AuditRecord]):
    """A page of the audit."""


class AuditQuery(paging.PageQuery):
    """Which rows, and in which order."""

    sort: Literal["seq", "-seq"] = "seq"
    actor: Line | None = None
    action: ShortLine | None = None
    object: ShortLine | None = None
    outcome: Literal["done", "refused"] | None = None
    request_id: ShortLine | None = None
    since: Moment | None = None
    until: Moment | None = None


class HeadRecord(BaseModel):
    """The last row: whoever keeps it can prove later that nothing before it was altered."""

    seq: int
    hash: str


class StateQuery(Strict):
    """Which object, and when."""

    object: Identifier
    at: Moment


class AuditHeadsQuery(Strict):
    """Which heads."""

    after: int = Field(0, ge=0, le=MOST_NUMBER, description="Behind the head of this number.")
    limit: int = Field(100, ge=1, le=1000, description="Heads at most.")


class HeadsPage(BaseModel):
    """Signed heads of the audit, in their order."""

    heads: list[dict[str, Any]] = Field(description="As control/witness/head.py describes them.")


class StateRecord(BaseModel):
    """An object as it was; no fields when it was not there yet."""

    object: str
    at: datetime
    fields: dict[str, Any]


class ListedQuery(Strict):
    """Which address, when, and for which edge."""

    address: str = Field(max_length=64, examples=["192.0.2.1"])
    at: Moment
    edge: Line | None = Field(None, description="An edge's name: by what it had in its kernel then.")


class ListedRecord(BaseModel):
    """Whether an address was allowed at a time."""

    address: str
    at: datetime
    edge: str | None
    serial: int = Field(description="The serial that held then, on that edge if one was named; 0 for none.")
    allowed: bool
    registrations: list[str] = Field(description="Those that covered it, the widest first.")


COLUMNS: paging.Columns = {name: getattr(AuditRow, name) for name in ("seq", "actor", "action", "object", "outcome")}


@blueprint.get("/v1/audit")
@blueprint.input(AuditQuery, location="query", arg_name="query")
@reads(AuditPage, "audit.read")
def find(session: Session, query: AuditQuery) -> ViewAnswer:
    """Read the audit."""
    visible = sight.select_visible(store.actor(), AuditRow).where(*paging.filters(query, COLUMNS))
    if query.request_id is not None:
        visible = visible.where(AuditRow.request_id.in_((query.request_id, f"http {query.request_id}")))
    if query.since is not None:
        visible = visible.where(AuditRow.at >= query.since)
    if query.until is not None:
        visible = visible.where(AuditRow.at < query.until)
    return ViewAnswer(paging.listed(session, visible, query, COLUMNS, lambda rows: list(map(_record, rows)), "seq"))


@blueprint.get("/v1/audit/head")
@reads(HeadRecord, "audit.read")
def head(session: Session) -> ViewAnswer:
    """Read the number and hash of the last row."""
    now = audit.last(session)
    return ViewAnswer(HeadRecord(seq=now.seq, hash=now.hash))


@blueprint.get("/v1/audit/heads")
@blueprint.input(AuditHeadsQuery, location="query", arg_name="query")
@serves(Contract(NOBODY, HeadsPage, public=True, rate="check"))
def read_heads(query: AuditHeadsQuery) -> HeadsPage:
    """Read the signed heads of the audit.

    Needs no token: they are there to be kept by whoever wants to hold the registry to them. They say how many entries
    the live list has, and nothing of whose they are.
    """
    with store.reading() as session:
        lines = heads.lines(session, query.after, query.limit)
    return HeadsPage(heads=[json.loads(line) for line in lines])


@blueprint.get("/v1/audit/state")
@blueprint.input(StateQuery, location="query", arg_name="query")
@reads(StateRecord, "audit.read")
def state(session: Session, query: StateQuery) -> ViewAnswer:
    """Read an object as it was at a time."""
    fields = audit.state_at(session, query.object, query.at)
    return ViewAnswer(StateRecord(object=query.object, at=query.at, fields=fields))


@blueprint.get("/v1/audit/listed")
@blueprint.input(ListedQuery, location="query", arg_name="query")
@reads(ListedRecord, "audit.read")
def listed(session: Session, query: ListedQuery) -> ViewAnswer:
    """Ask whether an address was allowed at a time, on the whole or on one edge."""
    asked = asked_address(query.address)
    if query.edge is None:
        serial = serials.serial_at(session, query.at)
        listings = serials.covering(session, asked, serial)
    else:
        standing = edges.standing(session, query.edge, asked, query.at)
        serial, listings = standing.serial or 0, list(standing.listings)
    return ViewAnswer(
        ListedRecord(
            address=str(asked.network_address),
            at=query.at,
            edge=query.edge,
            serial=serial,
            allowed=bool(listings),
            registrations=[listing.registration_id for listing in listings],
        )
    )


def _record(row: AuditRow) -> AuditRecord:
    fields = {name: getattr(row, name) for name in AuditRecord.model_fields}
    documents = {"before": json.loads(row.before), "after": json.loads(row.after), "hash": row.hash.hex()}
    return AuditRecord.model_validate({**fields, **documents})
