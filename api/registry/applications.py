"""/v1/applications: entered and corrected by applicants, confirmed by providers, decided by officers."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Annotated, Any, Literal

from apiflask import APIBlueprint
from pydantic import BaseModel, Field, GetJsonSchemaHandler, TypeAdapter, WithJsonSchema
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema
from sqlalchemy.orm import Session

from api.kit.schema import Strict, named
from api.registry.desk import paging, store
from api.registry.desk.operation import Given, Nothing, ViewAnswer, creates, patches, reads, steps
from api.registry.records import Chosen, EntryRecord, Identifier, Reason, Record, VersionedRecord
from control.allowlist.schema import EntryModel
from control.registry.access import sight
from control.registry.cases import applications, records, review
from control.registry.cases.applications import DocumentText
from control.registry.parties.lines import MAX_LINE, Line, line_schema
from control.registry.space import addresses
from control.registry.store import rows
from control.registry.store.model import Application
from control.registry.store.writing import Writing

MOST_OUTSIDE = 1_000_000_000

State = Literal["draft", "submitted", "confirmed", "approved", "returned", "refused", "withdrawn"]

blueprint = APIBlueprint("applications", __name__, tag="Applications")


class _AsEntry:
    """Describes a row as the list's entry; ``addresses.read_entries`` reads it, and has more to say of its faults."""

    def __get_pydantic_json_schema__(self, _: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return handler(TypeAdapter(EntryModel | str).core_schema)


EntryRow = Annotated[Any, _AsEntry()]
CategoryName = Annotated[str, WithJsonSchema(line_schema(MAX_LINE))]
"""Held to the categories that there are by the service, in the words of every door."""


class ApplicationText(Strict):
    """What an application says, and may be corrected to."""

    category: CategoryName
    provider_id: Identifier | None = Field(None, description="The provider that gave the addresses.")
    documents: list[DocumentText] = Field([], json_schema_extra={"maxItems": applications.MAX_DOCUMENTS})
    entries: list[EntryRow] = Field([], max_length=100_000, description="A string is just a prefix.")


class ApplicationNew(ApplicationText):
    """An application to enter, as a draft."""

    registrant_id: Identifier


class DocumentRecord(BaseModel):
    """A document that is kept elsewhere: the registry has where, and its hash."""

    kind: str = Field(description="One of its category's.")
    reference: str = Field(description="Where whoever keeps it finds it.")
    sha256: str


class CoverageRecord(BaseModel):
    """What prefixes cover together."""

    addresses: int = Field(description="Of IPv4.")
    networks: int = Field(description="Of IPv6, of 64 bits.")
    prefixes: dict[str, int] = Field(description="How many there are of each length, such as /24, or v6 /48.")


class ApplicationRecord(VersionedRecord):
    """An application."""

    registrant_id: str
    provider_id: str | None
    category: str
    documents: list[DocumentRecord]
    entries: list[EntryRecord]
    covers: CoverageRecord
    outside: int | None = Field(description="Prefixes outside the provider's space; null when that is not known.")
    held_by_others: bool | None = Field(
        description="Whether another registrant holds any of it; null to the applicant, and once it is decided."
    )
    state: State
    reason: str = Field(description="Why it was last returned or refused.")
    submitted_at: datetime | None
    confirmed_at: datetime | None
    decided_at: datetime | None
    steps: list[str] = Field(description="What is legal now, for whoever may.")


class ApplicationPage(paging.Page[ApplicationRecord]):
    """A page of applications."""


class ApplicationQuery(paging.PageQuery):
    """Which applications, and in which order."""

    sort: Literal["id", "-id", "changed_at", "-changed_at", "created_at", "-created_at"] = "id"
    state: State | None = None
    category: Line | None = None
    registrant_id: Identifier | None = None
    provider_id: Identifier | None = None


class StepOfMany(Chosen):
    """A step of many applications at once, all or none."""

    model_config = named("Step")

    step: Literal["submit", "confirm", "approve"]
    outside: int = Field(0, ge=0, le=MOST_OUTSIDE, description="To approve: of all prefixes together, see there.")


class Approval(Strict):
    """An officer's word on what lies outside the provider's space."""

    outside: int = Field(0, ge=0, le=MOST_OUTSIDE, description="How many of the prefixes do.")


class Stepped(Record):
    """An application after a step."""

    id: str
    version: int
    state: State


class SteppedAll(BaseModel):
    """Applications after a step."""

    items: list[Stepped]


COLUMNS: paging.Columns = {
    name: getattr(Application, name)
    for name in ("id", "state", "category", "registrant_id", "provider_id", "created_at", "changed_at", "submitted_at")
}

MANY: Mapping[str, Callable[[Writing, rows.Versions], list[Application]]] = {
    "submit": review.submit_many,
    "confirm": review.confirm_many,
}


@blueprint.get("/v1/applications")
@blueprint.input(ApplicationQuery, location="query", arg_name="query")
@reads(ApplicationPage, "application.read")
def find(session: Session, query: ApplicationQuery) -> ViewAnswer:
    """List applications.

    A registrant sees its own, a provider those that were put before it.
    """
    visible = sight.select_visible(store.actor(), Application).where(*paging.filters(query, COLUMNS))
    show = partial(records.applications, session, store.actor())
    return ViewAnswer(paging.listed(session, visible, query, COLUMNS, show))


@blueprint.post("/v1/applications")
@creates(ApplicationRecord, "application.create", ApplicationNew)
def create(given: Given[ApplicationNew]) -> ViewAnswer:
    """Enter an application as a draft.

    It may still lack what its submission demands.
    """
    writing, text = given.writing, given.body
    draft = applications.Draft(
        text.registrant_id,
        text.category,
        addresses.read_entries(text.entries, writing.rules.addresses),
        tuple(text.documents),
        text.provider_id,
    )
    application = applications.create(writing, draft)
    return _answer(writing.session, application, f"/v1/applications/{application.id}")


@blueprint.get("/v1/applications/<id:application_id>")
@reads(ApplicationRecord, "application.read")
def read(session: Session, application_id: str) -> ViewAnswer:
    """Read an application."""
    return _answer(session, rows.find(session, store.actor(), Application, application_id))


@blueprint.patch("/v1/applications/<id:application_id>")
@patches(ApplicationRecord, "application.edit", ApplicationText)
def edit(given: Given[ApplicationText], application_id: str) -> ViewAnswer:
    """Correct an application that is a draft or was returned."""
    writing = given.writing
    application = rows.find(writing.session, writing.actor, Application, application_id)
    values = given.edit.values
    if "documents" in values:
        values["documents"] = tuple(values["documents"])
    if "entries" in values:
        values["entries"] = addresses.read_entries(values["entries"], writing.rules.addresses)
    draft = replace(applications.draft_of(writing.session, application), **values)
    return _answer(writing.session, applications.edit(writing, application_id, given.version, draft))


@blueprint.post("/v1/applications/steps")
@steps(SteppedAll, "application.step", StepOfMany, conditional=False)
def take_many(given: Given[StepOfMany]) -> ViewAnswer:
    """Take many applications a step further, all or none.

    Their versions are in the body, in place of If-Match.
    """
    step, versions = given.body.step, given.body.versions
    if step == "approve":
        stepped = review.approve_many(given.writing, versions, given.body.outside)
    else:
        stepped = MANY[step](given.writing, versions)
    return ViewAnswer(SteppedAll(items=[Stepped.model_validate(application) for application in stepped]))


@blueprint.post("/v1/applications/<id:application_id>/submit")
@steps(ApplicationRecord, "application.submit", Nothing)
def submit(given: Given[Nothing], application_id: str) -> ViewAnswer:
    """Submit an application.

    Legal when it is draft or returned.
    """
    review.submit(given.writing, application_id, given.version)
    return _taken(given, application_id)


@blueprint.post("/v1/applications/<id:application_id>/confirm")
@steps(ApplicationRecord, "application.confirm", Nothing)
def confirm(given: Given[Nothing], application_id: str) -> ViewAnswer:
    """Confirm an application.

    Legal when it is submitted.
    """
    review.confirm(given.writing, application_id, given.version)
    return _taken(given, application_id)


@blueprint.post("/v1/applications/<id:application_id>/approve")
@steps(ApplicationRecord, "application.approve", Approval)
def approve(given: Given[Approval], application_id: str) -> ViewAnswer:
    """Approve an application.

    Legal when it is confirmed. What lies outside the provider's space takes the officer's explicit word: `outside`, the
    number of such prefixes, as the application shows it.
    """
    review.approve(given.writing, application_id, given.version, given.body.outside)
    return _taken(given, application_id)


@blueprint.post("/v1/applications/<id:application_id>/return", endpoint="return")
@steps(ApplicationRecord, "application.return", Reason)
def return_(given: Given[Reason], application_id: str) -> ViewAnswer:
    """Return an application.

    Legal when it is submitted or confirmed.
    """
    review.return_(given.writing, application_id, given.body.reason, given.version)
    return _taken(given, application_id)


@blueprint.post("/v1/applications/<id:application_id>/refuse")
@steps(ApplicationRecord, "application.refuse", Reason)
def refuse(given: Given[Reason], application_id: str) -> ViewAnswer:
    """Refuse an application.

    Legal when it is submitted or confirmed.
    """
    review.refuse(given.writing, application_id, given.body.reason, given.version)
    return _taken(given, application_id)


@blueprint.post("/v1/applications/<id:application_id>/withdraw")
@steps(ApplicationRecord, "application.withdraw", Nothing)
def withdraw(given: Given[Nothing], application_id: str) -> ViewAnswer:
    """Withdraw an application.

    Legal when it is draft or returned or submitted or confirmed.
    """
    review.withdraw(given.writing, application_id, given.version)
    return _taken(given, application_id)


def _taken(given: Given[Nothing] | Given[Reason] | Given[Approval], application_id: str) -> ViewAnswer:
    """Return an application after a step, as whoever took it may see it."""
    session = given.writing.session
    return _answer(session, rows.find(session, given.writing.actor, Application, application_id))


def _answer(session: Session, application: Application, location: str | None = None) -> ViewAnswer:
    return ViewAnswer(records.applications(session, store.actor(), [application])[0], application.version, location)
