"""/v1/registrants: organisations and individuals who register addresses."""

from typing import Literal

from apiflask import APIBlueprint
from sqlalchemy.orm import Session

from api.registry.desk import paging, store
from api.registry.desk.operation import Given, ViewAnswer, creates, patches, reads
from api.registry.desk.paging import each_by
from api.registry.records import describe
from control.registry.access import sight
from control.registry.parties import registrants
from control.registry.parties.categories import Applicant
from control.registry.parties.lines import Line
from control.registry.parties.registrants import RegistrantNew, RegistrantText
from control.registry.store import rows
from control.registry.store.model import Registrant

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
@reads(RegistrantPage, "registrant.read")
def find(session: Session, query: RegistrantQuery) -> ViewAnswer:
    """List registrants.

    A registrant sees itself.
    """
    visible = sight.select_visible(store.actor(), Registrant).where(*paging.filters(query, COLUMNS))
    return ViewAnswer(paging.listed(session, visible, query, COLUMNS, each_by(registrants.record)))


@blueprint.post("/v1/registrants")
@creates(RegistrantRecord, "registrant.create", RegistrantNew)
def create(given: Given[RegistrantNew]) -> ViewAnswer:
    """Enter a registrant."""
    registrant = registrants.create(given.writing, given.body)
    return _answer(registrant, location=f"/v1/registrants/{registrant.id}")


@blueprint.get("/v1/registrants/<id:registrant_id>")
@reads(RegistrantRecord, "registrant.read")
def read(session: Session, registrant_id: str) -> ViewAnswer:
    """Read a registrant."""
    return _answer(rows.find(session, store.actor(), Registrant, registrant_id))


@blueprint.patch("/v1/registrants/<id:registrant_id>")
@patches(RegistrantRecord, "registrant.edit", RegistrantText)
def edit(given: Given[RegistrantText], registrant_id: str) -> ViewAnswer:
    """Change a registrant's name, reference or contacts."""
    return _answer(registrants.edit(given.writing, registrant_id, given.version, given.edit))


def _answer(registrant: Registrant, location: str | None = None) -> ViewAnswer:
    return ViewAnswer(registrants.record(registrant), registrant.version, location)
