"""/v1/registrants: organisations and individuals who register addresses."""

from typing import Literal

from apiflask import APIBlueprint
from sqlalchemy import select
from sqlalchemy.orm import Session

from api.registry import paging, sight, store
from api.registry.operation import Answer, Given, creates, patches, reads
from api.registry.records import describe
from control.registry.parties import registrants
from control.registry.parties.categories import Applicant
from control.registry.parties.lines import Line
from control.registry.parties.registrants import RegistrantNew, RegistrantText
from control.registry.store import rows
from control.registry.store.model import Registrant

READERS = ("registrant", "officer", "operator", "auditor")

blueprint = APIBlueprint("registrants", __name__, tag="Registrants")


RegistrantRecord = describe("RegistrantRecord", "A registrant.", RegistrantNew)
RegistrantPage = paging.page_of(RegistrantRecord, "RegistrantPage", "A page of registrants.")


class RegistrantQuery(paging.PageQuery):
    """Which registrants, and in which order."""

    sort: Literal["id", "-id", "name", "-name", "changed_at", "-changed_at"] = "id"
    kind: Applicant | None = None
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
@reads(RegistrantPage, READERS)
def find(session: Session, query: RegistrantQuery) -> Answer:
    """List registrants.

    A registrant sees itself.
    """
    wanted = select(Registrant).where(sight.registrants(store.actor()), *paging.filters(query, COLUMNS))
    found, next_ = paging.page(session, wanted, query, COLUMNS)
    return Answer({"items": [registrants.record(each) for each in found], "next": next_})


@blueprint.post("/v1/registrants")
@creates(RegistrantRecord, ("officer",), RegistrantNew)
def create(given: Given[RegistrantNew]) -> Answer:
    """Enter a registrant."""
    made = registrants.create(given.writing, given.body)
    return _answer(made, location=f"/v1/registrants/{made.id}")


@blueprint.get("/v1/registrants/<id:registrant_id>")
@reads(RegistrantRecord, READERS)
def read(session: Session, registrant_id: str) -> Answer:
    """Read a registrant."""
    return _answer(rows.find(session, store.actor(), Registrant, registrant_id))


@blueprint.patch("/v1/registrants/<id:registrant_id>")
@patches(RegistrantRecord, ("registrant", "officer"), RegistrantText)
def edit(given: Given[RegistrantText], registrant_id: str) -> Answer:
    """Change a registrant's name, reference or contacts."""
    return _answer(registrants.edit(given.writing, registrant_id, given.version, given.edit))


def _answer(found: Registrant, location: str | None = None) -> Answer:
    return Answer(registrants.record(found), found.version, location)
