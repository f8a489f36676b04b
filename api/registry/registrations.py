"""/v1/registrations: what was approved; renewed and resumed at once, taken off the live list by an intent."""

from datetime import datetime
from typing import Literal

from apiflask import APIBlueprint
from pydantic import BaseModel, Field
from pydantic_core import to_jsonable_python
from sqlalchemy.orm import Session

from api.kit.address import AskedPrefix
from api.registry.desk import paging, store
from api.registry.desk.operation import Given, Nothing, ViewAnswer, reads, steps
from api.registry.desk.paging import each_by
from api.registry.intents import IntentRecord, intent_record
from api.registry.records import Chosen, Identifier, Reason, Record, TrafficRecord, VersionedRecord
from control.registry.access import sight
from control.registry.cases import records, registrations
from control.registry.intents import intents
from control.registry.parties.lines import Line
from control.registry.publication import use
from control.registry.publication.edges import applied_from
from control.registry.store import rows
from control.registry.store.model import Registration

State = Literal["active", "expiring", "suspended", "expired", "revoked"]

blueprint = APIBlueprint("registrations", __name__, tag="Registrations")


class RegistrationRecord(VersionedRecord):
    """A registered prefix."""

    application_id: str
    registrant_id: str
    category: str
    prefix: str
    protocols: list[str]
    ports: list[str]
    valid_from: datetime
    valid_until: datetime
    state: State
    reason: str
    live_serial: int = Field(description="The serial that last put it on the live list.")
    steps: list[str] = Field(description="What is legal now, for whoever may.")


class OnEdge(BaseModel):
    """From when on an edge had a registration in its kernel."""

    edge: str
    at: datetime


class RegistrationDetail(RegistrationRecord):
    """A registered prefix, since when each edge has it, and when each last had traffic of it."""

    edges: list[OnEdge]
    traffic: list[TrafficRecord]


class KeepingStep(Chosen):
    """A step of many registrations at once, all or none, that lets more through."""

    step: Literal["renew", "resume", "restore"]


class Kept(Record):
    """A registration after a step."""

    id: str
    version: int
    state: State
    valid_until: datetime


class AllKept(BaseModel):
    """Registrations after a step."""

    items: list[Kept]


class RegistrationPage(paging.Page[RegistrationRecord]):
    """A page of registrations."""


class RegistrationQuery(paging.PageQuery):
    """Which registrations, and in which order."""

    sort: Literal["id", "-id", "valid_until", "-valid_until", "changed_at", "-changed_at"] = "id"
    state: State | None = None
    category: Line | None = None
    prefix: AskedPrefix | None = Field(None, description="An address or a prefix, in whatever form.")
    registrant_id: Identifier | None = None
    application_id: Identifier | None = None


COLUMNS: paging.Columns = {
    name: getattr(Registration, name)
    for name in (
        "id",
        "state",
        "category",
        "prefix",
        "registrant_id",
        "application_id",
        "valid_until",
        "changed_at",
    )
}


@blueprint.get("/v1/registrations")
@blueprint.input(RegistrationQuery, location="query", arg_name="query")
@reads(RegistrationPage, "registration.read")
def find(session: Session, query: RegistrationQuery) -> ViewAnswer:
    """List registrations.

    A registrant sees its own.
    """
    visible = sight.select_visible(store.actor(), Registration).where(*paging.filters(query, COLUMNS))
    return ViewAnswer(paging.listed(session, visible, query, COLUMNS, each_by(records.registration)))


@blueprint.get("/v1/registrations/<id:registration_id>")
@reads(RegistrationDetail, "registration.read")
def read(session: Session, registration_id: str) -> ViewAnswer:
    """Read a registration, and since when each edge has it."""
    registration = rows.find(session, store.actor(), Registration, registration_id)
    applied = applied_from(session, registration.live_serial)
    edges = [{"edge": name, "at": to_jsonable_python(at)} for name, at in applied.items()]
    traffic = use.last_traffic(session, [registration])[registration.id]
    seen = {"traffic": [TrafficRecord.model_validate(each).model_dump(mode="json") for each in traffic]}
    return ViewAnswer(records.registration(registration) | {"edges": edges} | seen, registration.version, settled=False)


@blueprint.post("/v1/registrations/steps")
@steps(AllKept, "registration.step", KeepingStep, conditional=False)
def take_many(given: Given[KeepingStep]) -> ViewAnswer:
    """Renew, resume or restore many registrations, all or none.

    Their versions are in the body, in place of If-Match.
    """
    kept = registrations.MANY[given.body.step](given.writing, given.body.versions)
    return ViewAnswer(AllKept(items=[Kept.model_validate(registration) for registration in kept]))


@blueprint.post("/v1/registrations/<id:registration_id>/renew")
@steps(RegistrationRecord, "registration.renew", Nothing)
def renew(given: Given[Nothing], registration_id: str) -> ViewAnswer:
    """Have a registration valid for its category's term from now on."""
    return _answer(registrations.renew(given.writing, registration_id, given.version))


@blueprint.post("/v1/registrations/<id:registration_id>/resume")
@steps(RegistrationRecord, "registration.resume", Nothing)
def resume(given: Given[Nothing], registration_id: str) -> ViewAnswer:
    """Put a suspended registration back on the live list, at once."""
    return _answer(registrations.resume(given.writing, registration_id, given.version))


@blueprint.post("/v1/registrations/<id:registration_id>/restore")
@steps(RegistrationRecord, "registration.restore", Nothing)
def restore(given: Given[Nothing], registration_id: str) -> ViewAnswer:
    """Put back on the live list, at once, what expired or was revoked within the last 30 days."""
    return _answer(registrations.restore(given.writing, registration_id, given.version))


@blueprint.post("/v1/registrations/<id:registration_id>/suspend")
@steps(IntentRecord, "registration.suspend", Reason, status=201)
def suspend(given: Given[Reason], registration_id: str) -> ViewAnswer:
    """Propose to suspend a registration: the answer is the intent, which is to be confirmed."""
    return _proposed(given, "suspend", registration_id, given.body.reason)


@blueprint.post("/v1/registrations/<id:registration_id>/revoke")
@steps(IntentRecord, "registration.revoke", Reason, status=201)
def revoke(given: Given[Reason], registration_id: str) -> ViewAnswer:
    """Propose to revoke a registration: the answer is the intent, which a second officer is to confirm."""
    return _proposed(given, "revoke", registration_id, given.body.reason)


@blueprint.post("/v1/registrations/<id:registration_id>/expire")
@steps(IntentRecord, "registration.expire", Nothing, status=201)
def expire(given: Given[Nothing], registration_id: str) -> ViewAnswer:
    """Propose to let a registration expire: the answer is the intent, which is to be confirmed."""
    return _proposed(given, "expire", registration_id, "")


def _proposed(given: Given[Reason] | Given[Nothing], name: str, registration_id: str, reason: str) -> ViewAnswer:
    intent = intents.propose(given.writing, name, {registration_id: given.version}, reason)
    return ViewAnswer(intent_record(given.writing.session, intent), intent.version, f"/v1/intents/{intent.id}")


def _answer(registration: Registration) -> ViewAnswer:
    return ViewAnswer(records.registration(registration), registration.version)
