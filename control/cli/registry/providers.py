"""Commands about providers."""

from typing import BinaryIO

import click

from control.allowlist.entry import Entry
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
from control.registry.space import allocation_files, allocations, coverage
from control.registry.store import rows
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


@commands.command("space")
@click.argument("id_", metavar="ID")
@click.argument("file", required=False, type=click.File("rb"))
@click.option("--format", "form", type=click.Choice(allocation_files.FORMATS), default="prefixes", show_default=True)
@click.option("--holder", "holders", multiple=True, help="Whose rows: an opaque id, or AS64500; repeatable.")
@as_json_option
@pass_desk
def providers_space(
    desk: Desk, id_: str, file: BinaryIO | None, form: str, holders: tuple[str, ...], as_json: bool
) -> None:
    """Show which address space is a provider's own, or put what FILE says in its place."""
    if file is not None:
        prefixes = allocation_files.read(file.read(), form, holders)
        with desk.writing() as writing:
            allocations.replace(writing, id_, None, prefixes)
    with desk.reading("provider.read") as session:
        provider = rows.find(session, desk.actor, Provider, id_)
        space = allocations.of(session, provider.id)
    covers = coverage.covered(space)
    fields = {"covers": str(covers), "prefixes": [Entry(prefix).text for prefix in space]}
    show_fields(id_, fields, as_json)
