"""Providers and officers: those who confirm, and those who decide."""

from typing import Any, TypeVar

from sqlalchemy import select

from control.fault import Fault, Kind, Refused
from control.registry.access import scopes
from control.registry.parties import contacts
from control.registry.parties.contacts import Contacts
from control.registry.parties.forms import Edit, Form
from control.registry.parties.lines import Line
from control.registry.store import records, rows
from control.registry.store.ids import new_id
from control.registry.store.model import Officer, Provider
from control.registry.store.writing import Writing

Named = TypeVar("Named", Provider, Officer)


class ProviderText(Form):
    """What a provider is entered with."""

    name: Line
    contacts: Contacts = ()


class OfficerNew(Form):
    """An officer to enter."""

    name: Line


def provider_record(provider: Provider) -> dict[str, Any]:
    """Return a provider as every door shows it."""
    fields = records.record(provider, tuple(ProviderText.model_fields))
    return fields | {"contacts": [contacts.record(each) for each in provider.contacts]}


def officer_record(officer: Officer) -> dict[str, Any]:
    """Return an officer as every door shows it."""
    return records.record(officer, tuple(OfficerNew.model_fields))


def create_provider(writing: Writing, new: ProviderText) -> Provider:
    """Enter an internet provider.

    Raises:
        Refused: "forbidden", or "conflict": the name is taken.
    """
    writing.attempt("provider.create")
    scopes.demand(writing.actor, "provider.create")
    _demand_free(writing, Provider, new.name)
    made = Provider(id=new_id("prv"), created_at=writing.now, changed_at=writing.now, **new.columns())
    return _entered(writing, made)


def create_officer(writing: Writing, new: OfficerNew) -> Officer:
    """Enter a person who decides for the regulator; an operator does that, so that no officer makes a second self.

    Raises:
        Refused: "forbidden", or "conflict": the name is taken.
    """
    writing.attempt("officer.create")
    scopes.demand(writing.actor, "officer.create")
    _demand_free(writing, Officer, new.name)
    made = Officer(id=new_id("off"), created_at=writing.now, changed_at=writing.now, **new.columns())
    return _entered(writing, made)


def edit_provider(writing: Writing, id_: str, version: int | None, edited: Edit[ProviderText]) -> Provider:
    """Change some of what is said of a provider; what is not said stays as it is.

    Raises:
        Refused: "not-found", "forbidden", "stale" or "conflict".
    """
    writing.attempt("provider.edit", id_)
    scopes.demand(writing.actor, "provider.edit")
    found = rows.find(writing.session, writing.actor, Provider, id_)
    rows.demand_versions([found], {id_: version})
    values = edited.columns()
    if values.get("name", found.name) != found.name:
        _demand_free(writing, Provider, values["name"])
    rows.change(writing, "provider.edit", found, values)
    return found


def _demand_free(writing: Writing, model: type[Named], name: str) -> None:
    holder = writing.session.scalar(select(model.id).where(model.name == name))
    if holder:
        fault = Fault("name", f"{name} is the name of {holder}", "write another name")
        raise Refused(Kind.CONFLICT, "The name is taken", [fault])


def _entered(writing: Writing, made: Named) -> Named:
    writing.session.add(made)
    writing.session.flush()
    writing.record(f"{made.__tablename__}.create", made.id, {}, rows.columns(made))
    return made
