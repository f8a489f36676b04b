"""/v1/officers: the people who decide for the regulator."""

from typing import Literal

from apiflask import APIBlueprint
from sqlalchemy import select
from sqlalchemy.orm import Session

from api.registry import paging, store
from api.registry.operation import Answer, Given, creates, reads
from api.registry.records import describe
from api.registry.sight import WIDE
from control.registry.parties import bodies
from control.registry.parties.bodies import OfficerNew
from control.registry.parties.lines import Line
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
@reads(OfficerPage, WIDE)
def find(session: Session, query: OfficerQuery) -> Answer:
    """List officers."""
    wanted = select(Officer).where(*paging.filters(query, COLUMNS))
    found, next_ = paging.page(session, wanted, query, COLUMNS)
    return Answer({"items": [bodies.officer_record(each) for each in found], "next": next_})


@blueprint.post("/v1/officers")
@creates(OfficerRecord, ("operator",), OfficerNew)
def create(given: Given[OfficerNew]) -> Answer:
    """Enter an officer.

    An operator does that, so that no officer makes a second self.
    """
    made = bodies.create_officer(given.writing, given.body)
    return Answer(bodies.officer_record(made), made.version, f"/v1/officers/{made.id}")


@blueprint.get("/v1/officers/<id:officer_id>")
@reads(OfficerRecord, WIDE)
def read(session: Session, officer_id: str) -> Answer:
    """Read an officer."""
    found = rows.find(session, store.actor(), Officer, officer_id)
    return Answer(bodies.officer_record(found), found.version)
