"""Commands about providers."""

import click

from control.cli.context import as_json_option
from control.cli.registry import forms
from control.cli.registry.desk import Desk, pass_desk
from control.cli.registry.forms import filled_in
from control.cli.registry.showing import (
    each_by,
    page,
    show_fields,
    show_rows,
)
from control.registry.access import sight
from control.registry.parties import providers
from control.registry.parties.providers import ProviderText
from control.registry.store.model import Provider


@click.group("providers")
def commands() -> None:
    """Internet providers, who confirm that an address is the applicant's."""


@commands.command("list")
@as_json_option
@pass_desk
def providers_list(desk: Desk, as_json: bool) -> None:
    """List the providers."""
    with desk.reading("provider.read") as session:
        page_rows = page(session, sight.select_visible(desk.actor, Provider), records=each_by(providers.record))
    show_rows("providers", ("id", *ProviderText.model_fields), page_rows, as_json)


@commands.command("add")
@filled_in(ProviderText, tuple(ProviderText.model_fields))
@as_json_option
@pass_desk
def providers_add(desk: Desk, /, as_json: bool, **said: str | None) -> None:
    """Enter a provider."""
    new = forms.read(ProviderText, said)
    with desk.writing() as writing:
        fields = providers.record(providers.create(writing, new))
    show_fields(fields["id"], fields, as_json)


@commands.command("edit")
@click.argument("id_", metavar="ID")
@filled_in(ProviderText, tuple(ProviderText.model_fields), edits=True)
@as_json_option
@pass_desk
def providers_edit(desk: Desk, /, id_: str, as_json: bool, **said: str | None) -> None:
    """Change what is given of a provider."""
    edited = forms.read_edit(ProviderText, said)
    with desk.writing() as writing:
        fields = providers.record(providers.edit(writing, id_, None, edited))
    show_fields(fields["id"], fields, as_json)
