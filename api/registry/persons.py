"""/v1/persons: those who decide for the regulator, run the registry or audit it; /v1/officers: those who decide."""

from datetime import datetime
from typing import Literal

from apiflask import APIBlueprint
from pydantic import Field
from sqlalchemy.orm import Session

from api.registry.desk import paging, store
from api.registry.desk.operation import Given, Nothing, ViewAnswer, creates, patches, reads, steps
from api.registry.desk.paging import each_by
from api.registry.records import VersionedRecord
from control.registry.access import sight
from control.registry.parties import persons
from control.registry.parties.lines import Line
from control.registry.parties.persons import OfficerNew, PersonText
from control.registry.store import rows
from control.registry.store.model import Person

blueprint = APIBlueprint("persons", __name__, tag="Persons")


class PersonRecord(VersionedRecord):
    """A person."""

    name: str
    roles: list[str]
    closed_at: datetime | None = Field(description="Since when none of the person's tokens is good.")


class PersonPage(paging.Page[PersonRecord]):
    """A page of persons."""


class PersonQuery(paging.PageQuery):
    """Which persons, and in which order."""

    sort: Literal["id", "-id", "name", "-name"] = "id"
    name: Line | None = None


COLUMNS: paging.Columns = {"id": Person.id, "name": Person.name}


@blueprint.get("/v1/persons")
@blueprint.input(PersonQuery, location="query", arg_name="query")
@reads(PersonPage, "person.read")
def find(session: Session, query: PersonQuery) -> ViewAnswer:
    """List persons."""
    visible = sight.select_visible(store.actor(), Person).where(*paging.filters(query, COLUMNS))
    return ViewAnswer(paging.listed(session, visible, query, COLUMNS, each_by(persons.record)))


@blueprint.post("/v1/persons")
@creates(PersonRecord, "person.create", PersonText)
def create(given: Given[PersonText]) -> ViewAnswer:
    """Enter a person.

    An operator enters officers and operators, so that no officer makes a second self. Nobody has a name that a reader
    would take for another's.
    """
    return _answer(persons.create(given.writing, given.body), "/v1/persons/{id}")


@blueprint.get("/v1/persons/<id:person_id>")
@reads(PersonRecord, "person.read")
def read(session: Session, person_id: str) -> ViewAnswer:
    """Read a person."""
    return _answer(rows.find(session, store.actor(), Person, person_id))


@blueprint.patch("/v1/persons/<id:person_id>")
@patches(PersonRecord, "person.edit", PersonText)
def edit(given: Given[PersonText], person_id: str) -> ViewAnswer:
    """Change a person's name or roles.

    A token is good for no more than its holder's roles are.
    """
    return _answer(persons.edit(given.writing, person_id, given.version, given.edit))


@blueprint.post("/v1/persons/<id:person_id>/close")
@steps(PersonRecord, "person.close", Nothing)
def close(given: Given[Nothing], person_id: str) -> ViewAnswer:
    """Make all tokens of a person good for nothing, until the person is reopened."""
    return _answer(persons.close(given.writing, person_id, given.version))


@blueprint.post("/v1/persons/<id:person_id>/reopen")
@steps(PersonRecord, "person.reopen", Nothing)
def reopen(given: Given[Nothing], person_id: str) -> ViewAnswer:
    """Make the tokens of a person good again, as far as they have not expired or been revoked."""
    return _answer(persons.reopen(given.writing, person_id, given.version))


@blueprint.get("/v1/officers")
@blueprint.input(PersonQuery, location="query", arg_name="query")
@reads(PersonPage, "person.read")
def find_officers(session: Session, query: PersonQuery) -> ViewAnswer:
    """List officers."""
    visible = sight.select_visible(store.actor(), Person).where(
        persons.has_role("officer"), *paging.filters(query, COLUMNS)
    )
    return ViewAnswer(paging.listed(session, visible, query, COLUMNS, each_by(persons.record)))


@blueprint.post("/v1/officers")
@creates(PersonRecord, "person.create-privileged", OfficerNew)
def create_officer(given: Given[OfficerNew]) -> ViewAnswer:
    """Enter an officer.

    An operator does that, so that no officer makes a second self.
    """
    return _answer(persons.create(given.writing, given.body.person()), "/v1/officers/{id}")


@blueprint.get("/v1/officers/<id:person_id>")
@reads(PersonRecord, "person.read")
def read_officer(session: Session, person_id: str) -> ViewAnswer:
    """Read an officer."""
    return _answer(rows.find(session, store.actor(), Person, person_id))


def _answer(person: Person, location: str | None = None) -> ViewAnswer:
    return ViewAnswer(persons.record(person), person.version, location and location.format(id=person.id))
