"""Registrants: organisations and individuals who register addresses. No national identity number is kept."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from control.fault import Fault, Kind, Refused, shown
from control.registry.access import scopes
from control.registry.store import rows
from control.registry.store.ids import new_id
from control.registry.store.model import Registrant
from control.registry.store.writing import Writing, portions


@dataclass(frozen=True, slots=True)
class NewRegistrant:
    """What a registrant is made of; ``model.Registrant`` says what each field means."""

    kind: Literal["organisation", "individual"]
    name: str
    reference: str | None = None
    contacts: tuple[Mapping[str, str], ...] = ()


def create(writing: Writing, new: NewRegistrant) -> Registrant:
    """Enter a registrant.

    Raises:
        Refused: "forbidden"; "invalid": no name; "conflict": the reference is another's.
    """
    return create_many(writing, [new])[0]


def create_many(writing: Writing, news: Sequence[NewRegistrant]) -> list[Registrant]:
    """Enter registrants, all or none; see ``create``."""
    writing.attempt("registrant.create")
    scopes.demand(writing.actor, "registrant.create")
    _demand_new_references(writing.session, [new.reference for new in news if new.reference is not None])
    made = [
        Registrant(
            id=new_id("reg"),
            kind=new.kind,
            name=rows.demand_name(new.name),
            reference=new.reference,
            contacts=[dict(contact) for contact in new.contacts],
            created_at=writing.now,
            changed_at=writing.now,
        )
        for new in news
    ]
    writing.session.add_all(made)
    for each in made:
        writing.record("registrant.create", each.id, {}, rows.columns(each))
    writing.session.flush()
    return made


def edit(writing: Writing, id_: str, version: int | None, values: Mapping[str, Any]) -> Registrant:
    """Change name, reference or contacts.

    Raises:
        Refused: "not-found", "forbidden", "stale", "invalid" or "conflict".
    """
    writing.attempt("registrant.edit", id_)
    scopes.demand(writing.actor, "registrant.edit")
    found = rows.find(writing.session, writing.actor, Registrant, id_)
    rows.demand_versions([found], {id_: version})
    _demand_known(values, ("name", "reference", "contacts"))
    if "name" in values:
        values = {**values, "name": rows.demand_name(values["name"])}
    if values.get("reference") not in (None, found.reference):
        _demand_new_references(writing.session, [values["reference"]])
    rows.change(writing, "registrant.edit", found, values)
    return found


def by_reference(session: Session, references: Iterable[str]) -> dict[str, str]:
    """Return the ids of the registrants that have these references, by reference."""
    found: dict[str, str] = {}
    for portion in portions(list(references)):
        wanted = select(Registrant.reference, Registrant.id).where(Registrant.reference.in_(portion))
        found |= {reference: id_ for reference, id_ in session.execute(wanted) if reference}
    return found


def _demand_new_references(session: Session, references: Sequence[str]) -> None:
    taken = by_reference(session, references)
    twice = (
        {each for each in references if references.count(each) > 1} if len(set(references)) < len(references) else ()
    )
    faults = [
        Fault("reference", f"{shown(each)} is that of {taken.get(each, 'two')}", "write another, or leave it out")
        for each in sorted({*taken, *twice})
    ]
    if faults:
        raise Refused(Kind.CONFLICT, "The reference is another registrant's", faults)


def _demand_known(values: Mapping[str, Any], known: Sequence[str]) -> None:
    faults = [
        Fault(shown(name), "is not to be changed", f"change {', '.join(known)}") for name in values if name not in known
    ]
    if faults:
        raise Refused(Kind.INVALID, "That cannot be changed", faults)
