"""Providers and officers: those who confirm, and those who decide."""

from collections.abc import Mapping, Sequence
from typing import TypeVar

from sqlalchemy import select

from control.fault import Fault, Kind, Refused
from control.registry.access import scopes
from control.registry.store import rows
from control.registry.store.ids import new_id
from control.registry.store.model import Officer, Provider
from control.registry.store.writing import Writing

Named = TypeVar("Named", Provider, Officer)


def create_provider(writing: Writing, name: str, contacts: Sequence[Mapping[str, str]] = ()) -> Provider:
    """Enter an internet provider.

    Raises:
        Refused: "forbidden", "invalid", or "conflict": the name is taken.
    """
    writing.attempt("provider.create")
    scopes.demand(writing.actor, "provider.create")
    name = _free_name(writing, Provider, name)
    made = Provider(
        id=new_id("prv"),
        name=name,
        contacts=[dict(contact) for contact in contacts],
        created_at=writing.now,
        changed_at=writing.now,
    )
    return _entered(writing, made)


def create_officer(writing: Writing, name: str) -> Officer:
    """Enter a person who decides for the regulator; an operator does that, so that no officer makes a second self.

    Raises:
        Refused: "forbidden", "invalid", or "conflict": the name is taken.
    """
    writing.attempt("officer.create")
    scopes.demand(writing.actor, "officer.create")
    name = _free_name(writing, Officer, name)
    return _entered(writing, Officer(id=new_id("off"), name=name, created_at=writing.now, changed_at=writing.now))


def edit_provider(
    writing: Writing,
    id_: str,
    version: int | None,
    name: str | None = None,
    contacts: Sequence[Mapping[str, str]] | None = None,
) -> Provider:
    """Change a provider's name or contacts; none leaves them.

    Raises:
        Refused: "not-found", "forbidden", "stale", "invalid" or "conflict".
    """
    writing.attempt("provider.edit", id_)
    scopes.demand(writing.actor, "provider.edit")
    found = rows.find(writing.session, writing.actor, Provider, id_)
    rows.demand_versions([found], {id_: version})
    values = {
        "name": found.name if name in (None, found.name) else _free_name(writing, Provider, str(name)),
        "contacts": found.contacts if contacts is None else [dict(contact) for contact in contacts],
    }
    rows.change(writing, "provider.edit", found, values)
    return found


def _free_name(writing: Writing, model: type[Named], name: str) -> str:
    name = rows.demand_name(name)
    holder = writing.session.scalar(select(model.id).where(model.name == name))
    if holder:
        fault = Fault("name", f"{name} is the name of {holder}", "write another name")
        raise Refused(Kind.CONFLICT, "The name is taken", [fault])
    return name


def _entered(writing: Writing, made: Named) -> Named:
    writing.session.add(made)
    writing.session.flush()
    writing.record(f"{made.__tablename__}.create", made.id, {}, rows.columns(made))
    return made
