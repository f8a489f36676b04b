"""/v1/registrants: organisations and individuals who register addresses."""

from typing import Any, Literal

from apiflask import APIBlueprint
from pydantic import Field
from sqlalchemy.orm import Session

from api.kit.schema import Strict
from api.registry.desk import paging, store
from api.registry.desk.operation import Given, ViewAnswer, creates, patches, reads
from api.registry.records import Contact, Kept, Line
from control.registry.access import sight
from control.registry.parties import registrants
from control.registry.store import rows
from control.registry.store.model import Registrant

blueprint = APIBlueprint("registrants", __name__, tag="Registrants")


class RegistrantText(Strict):
    """What a registrant may change."""

    name: Line
    reference: Line | None = Field(None, max_length=100, description="By which its association knows it; each once.")
    contacts: list[Contact] = Field([], max_length=20)


class RegistrantNew(RegistrantText):
    """A registrant to enter. National identity numbers are not kept: write none."""

    kind: Literal["organisation", "individual"]


class RegistrantRecord(Kept):
    """A registrant."""

    kind: str
    name: str
    reference: str | None
    contacts: list[Contact]


class RegistrantPage(paging.Page[RegistrantRecord]):
    """A page of registrants."""


class RegistrantQuery(paging.PageQuery):
    """Which registrants, and in which order."""

    sort: Literal["id", "-id", "name", "-name", "changed_at", "-changed_at"] = "id"
    kind: Literal["organisation", "individual"] | None = None
    name: Line | None = None
    reference: Line | None = None


COLUMNS: paging.Columns = {
    "id": Registrant.id,
    "name": Registrant.name,
    "changed_at": Registrant.changed_at,
    "kind": Registrant.kind,
    "reference": Registrant.reference,
}


@blueprint.get("/v1/registrants")
@blueprint.input(RegistrantQuery, location="query", arg_name="query")
@reads(RegistrantPage, "registrant.read")
def find(session: Session, query: RegistrantQuery) -> ViewAnswer:
    """List registrants.

    A registrant sees itself.
    """
    wanted = sight.select_visible(store.actor(), Registrant).where(*paging.filters(query, COLUMNS))
    found, next_ = paging.page(session, wanted, query, COLUMNS)
    return ViewAnswer(RegistrantPage(items=[RegistrantRecord.model_validate(each) for each in found], next=next_))


@blueprint.post("/v1/registrants")
@creates(RegistrantRecord, "registrant.create", RegistrantNew)
def create(given: Given[RegistrantNew]) -> ViewAnswer:
    """Enter a registrant."""
    new = given.body
    contacts = tuple(contact.model_dump(exclude_none=True) for contact in new.contacts)
    wanted = registrants.NewRegistrant(new.kind, new.name, new.reference, contacts)
    made = registrants.create(given.writing, wanted)
    return _answer(made, location=f"/v1/registrants/{made.id}")


@blueprint.get("/v1/registrants/<id:registrant_id>")
@reads(RegistrantRecord, "registrant.read")
def read(session: Session, registrant_id: str) -> ViewAnswer:
    """Read a registrant."""
    return _answer(rows.find(session, store.actor(), Registrant, registrant_id))


@blueprint.patch("/v1/registrants/<id:registrant_id>")
@patches(RegistrantRecord, "registrant.edit", RegistrantText)
def edit(given: Given[RegistrantText], registrant_id: str) -> ViewAnswer:
    """Change a registrant's name, reference or contacts."""
    found = rows.find(given.writing.session, given.writing.actor, Registrant, registrant_id)
    now = RegistrantText.model_validate({name: getattr(found, name) for name in RegistrantText.model_fields})
    values: dict[str, Any] = given.patched(now).model_dump()
    values["contacts"] = [{name: text for name, text in each.items() if text} for each in values["contacts"]]
    return _answer(registrants.edit(given.writing, registrant_id, given.version, values))


def _answer(found: Registrant, location: str | None = None) -> ViewAnswer:
    return ViewAnswer(RegistrantRecord.model_validate(found), found.version, location)
