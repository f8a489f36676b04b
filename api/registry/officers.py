"""/v1/officers: the people who decide for the regulator."""

from typing import Literal

from apiflask import APIBlueprint
from sqlalchemy.orm import Session

from api.registry.desk import paging, store
from api.registry.desk.operation import Given, ViewAnswer, creates, reads
from api.registry.records import describe
from control.registry.access import sight
from control.registry.parties import officers
from control.registry.parties.lines import Line
from control.registry.parties.officers import OfficerNew
from control.registry.store import rows
from control.registry.store.model import Officer

blueprint = APIBlueprint("officers", __name__, tag="Officers")


OfficerRecord = describe("OfficerRecord", "An officer.", OfficerNew)
OfficerPage = paging.page_of(OfficerRecord, "OfficerPage", "A page of officers.")


class OfficerQuery(paging.PageQuery):
    """Which officers, and in which order."""

    sort: Literal["id", "-id", "name", "-name"] = "id"
    name: Line | None = None


COLUMNS: paging.Columns = {"id": Officer.id, "name": Officer.name}


@blueprint.get("/v1/officers")
@blueprint.input(OfficerQuery, location="query", arg_name="query")
@reads(OfficerPage, "officer.read")
def find(session: Session, query: OfficerQuery) -> ViewAnswer:
    """List officers."""
    visible = sight.select_visible(store.actor(), Officer).where(*paging.filters(query, COLUMNS))
    items, next_ = paging.page(session, visible, query, COLUMNS)
    return ViewAnswer({"items": [officers.record(officer) for officer in items], "next": next_})


@blueprint.post("/v1/officers")
@creates(OfficerRecord, "officer.create", OfficerNew)
def create(given: Given[OfficerNew]) -> ViewAnswer:
    """Enter an officer.

    An operator does that, so that no officer makes a second self.
    """
    officer = officers.create(given.writing, given.body)
    return ViewAnswer(officers.record(officer), officer.version, f"/v1/officers/{officer.id}")


@blueprint.get("/v1/officers/<id:officer_id>")
@reads(OfficerRecord, "officer.read")
def read(session: Session, officer_id: str) -> ViewAnswer:
    """Read an officer."""
    officer = rows.find(session, store.actor(), Officer, officer_id)
    return ViewAnswer(officers.record(officer), officer.version)
