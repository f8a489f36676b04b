"""Providers: those who confirm that an address is the applicant's."""

from typing import Any

from control.registry.access import scopes
from control.registry.parties import contacts, names
from control.registry.parties.contacts import Contacts
from control.registry.parties.forms import Edit, Form
from control.registry.parties.lines import Line
from control.registry.store import records, rows
from control.registry.store.ids import new_id
from control.registry.store.model import Provider
from control.registry.store.writing import Writing


class ProviderText(Form):
    """What a provider is entered with."""

    name: Line
    contacts: Contacts = ()


def record(provider: Provider) -> dict[str, Any]:
    """Return a provider as every door shows it."""
    fields = records.record(provider, tuple(ProviderText.model_fields))
    return fields | {"contacts": [contacts.record(contact) for contact in provider.contacts]}


def create(writing: Writing, new: ProviderText) -> Provider:
    """Enter an internet provider.

    Raises:
        Refused: "conflict": the name is taken, or too like one that is.
    """
    writing.set_action("provider.create")
    scopes.demand(writing.actor, "provider.create")
    names.demand_unlike(writing, Provider, new.name)
    provider = Provider(id=new_id("prv"), created_at=writing.now, changed_at=writing.now, **new.columns())
    rows.enter(writing, provider)
    return provider


def edit(writing: Writing, id_: str, version: int | None, edited: Edit[ProviderText]) -> Provider:
    """Change some of what is said of a provider; what is not said stays as it is.

    Raises:
        Refused: "conflict": the name is taken, or too like one that is.
    """
    writing.set_action("provider.edit", id_)
    scopes.demand(writing.actor, "provider.edit")
    provider = rows.find(writing.session, writing.actor, Provider, id_)
    rows.demand_versions([provider], {id_: version})
    values = edited.columns()
    if values.get("name", provider.name) != provider.name:
        names.demand_unlike(writing, Provider, values["name"], but=id_)
    rows.change(writing, "provider.edit", provider, values)
    return provider
