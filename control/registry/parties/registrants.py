"""Registrants: organisations and individuals who register addresses. No national identity number is kept."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any

from pydantic import Field, PlainValidator, WithJsonSchema
from sqlalchemy import select
from sqlalchemy.orm import Session

from control.fault import BadValueError, Fault, Kind, Refused, shown
from control.registry.access import scopes
from control.registry.parties import contacts
from control.registry.parties.categories import APPLICANTS, Applicant
from control.registry.parties.contacts import Contacts
from control.registry.parties.forms import Edit, Form
from control.registry.parties.lines import MAX_REFERENCE, Line, line_schema, read_line
from control.registry.store import records, rows
from control.registry.store.ids import PATTERN, new_id
from control.registry.store.model import Application, Registrant
from control.registry.store.writing import Writing, portions


def _read_kind(value: object) -> object:
    if value not in APPLICANTS:
        raise BadValueError(f"{shown(value)} is no kind of registrant", f"write {' or '.join(APPLICANTS)}")
    return value


def is_id(text: str) -> bool:
    """Return whether a text is an id, of whatever."""
    return re.fullmatch(PATTERN, text) is not None


def _read_reference(value: object) -> object:
    """Refuse a reference that looks like an id: a file names registrants by either, and one would be another's."""
    text = read_line(value, MAX_REFERENCE)
    if is_id(text):
        raise BadValueError(f"{shown(text)} looks like an id", "write the one by which you know the registrant")
    return text


OwnReference = Annotated[str, PlainValidator(_read_reference), WithJsonSchema(line_schema(MAX_REFERENCE))]


class RegistrantText(Form):
    """What a registrant may change."""

    name: Line
    reference: OwnReference | None = Field(default=None, description="By which its association knows it; each once.")
    contacts: Contacts = ()


class RegistrantNew(RegistrantText):
    """A registrant to enter. National identity numbers are not kept: write none."""

    kind: Annotated[Applicant, PlainValidator(_read_kind), WithJsonSchema({"type": "string", "enum": list(APPLICANTS)})]


FIELDS = ("kind", *RegistrantText.model_fields)
"""The fields of a registrant, as every list shows them."""

LINES = tuple(name for name in FIELDS if name not in ("reference", "contacts"))
"""Those that are columns of a file by their own names; the reference is there as the column of the registrant."""

COLUMNS = (*LINES, *contacts.COLUMNS)
"""What a file's row may say of its registrant beside which it is."""


def values_of(columns: Mapping[str, str]) -> dict[str, Any]:
    """Return the values of a form's fields from a row's columns, of which each may be absent."""
    said = {name: columns[name] for name in LINES if name in columns}
    people = contacts.of_columns(columns)
    return said | ({"contacts": people} if people else {})


def columns_of(registrant: Registrant, reachable: bool) -> dict[str, Any]:
    """Return a registrant as the columns of a file's row; whom to reach only where ``reachable``."""
    reached = contacts.columns(registrant.contacts if reachable else [])
    return {name: getattr(registrant, name) for name in LINES} | reached


def record(registrant: Registrant) -> dict[str, Any]:
    """Return a registrant as every door shows it."""
    return records.record(registrant, FIELDS) | {
        "contacts": [contacts.record(contact) for contact in registrant.contacts]
    }


def create(writing: Writing, new: RegistrantNew) -> Registrant:
    """Enter a registrant.

    Raises:
        Refused: "conflict": the reference is another's.
    """
    return create_many(writing, [new])[0]


def create_many(writing: Writing, news: Sequence[RegistrantNew]) -> list[Registrant]:
    """Enter registrants, all or none; see ``create``."""
    writing.set_action("registrant.create")
    scopes.demand(writing.actor, "registrant.create")
    _demand_new_references(writing, [new.reference for new in news if new.reference is not None])
    registrants = [
        Registrant(id=new_id("reg"), created_at=writing.now, changed_at=writing.now, **new.columns()) for new in news
    ]
    writing.session.add_all(registrants)
    for registrant in registrants:
        writing.record("registrant.create", registrant.id, {}, rows.columns(registrant))
    writing.session.flush()
    return registrants


def edit(writing: Writing, id_: str, version: int | None, edited: Edit[RegistrantText]) -> Registrant:
    """Change some of what a registrant may change; what is not said stays as it is.

    Raises:
        Refused: "conflict": the reference is another's.
    """
    writing.set_action("registrant.edit", id_)
    scopes.demand(writing.actor, "registrant.edit")
    registrant = rows.find(writing.session, writing.actor, Registrant, id_)
    rows.demand_versions([registrant], {id_: version})
    values = edited.columns()
    if values.get("reference") not in (None, registrant.reference):
        _demand_new_references(writing, [values["reference"]])
    if values.get("name", registrant.name) != registrant.name:
        _demand_may_rename(writing, registrant)
    rows.change(writing, "registrant.edit", registrant, values)
    return registrant


def by_reference(session: Session, references: Iterable[str]) -> dict[str, str]:
    """Return the ids of the registrants that have these references, by reference."""
    ids: dict[str, str] = {}
    for portion in portions(list(references)):
        known = select(Registrant.reference, Registrant.id).where(Registrant.reference.in_(portion))
        ids |= {reference: id_ for reference, id_ in session.execute(known) if reference}
    return ids


def _demand_may_rename(writing: Writing, registrant: Registrant) -> None:
    """Refuse a registrant to change its own name once somebody has vouched for it.

    Raises:
        Refused: "forbidden".
    """
    if scopes.may(writing.actor, "registrant.create"):
        return
    vetted = select(Application.id).where(
        Application.registrant_id == registrant.id, Application.confirmed_at.is_not(None)
    )
    if writing.session.scalars(vetted.limit(1)).first() is not None:
        fault = Fault("name", "was vetted with an application", "have an officer change it, who looks at it anew")
        raise Refused(Kind.FORBIDDEN, "A vetted name is not changed by its bearer", [fault])


def _demand_new_references(writing: Writing, references: Sequence[str]) -> None:
    taken = by_reference(writing.session, references)
    if not scopes.may(writing.actor, "registrant.create"):
        taken = dict.fromkeys(taken, "another registrant")  # whose it is, is nobody else's business
    twice = (
        {reference for reference in references if references.count(reference) > 1}
        if len(set(references)) < len(references)
        else ()
    )
    faults = [
        Fault(
            "reference",
            f"{shown(reference)} is that of {taken.get(reference, 'two')}",
            "write another, or leave it out",
        )
        for reference in sorted({*taken, *twice})
    ]
    if faults:
        raise Refused(Kind.CONFLICT, "The reference is another registrant's", faults)
