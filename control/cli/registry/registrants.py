"""Commands about registrants."""

import click

from control.cli.context import as_json_option
from control.cli.registry import forms
from control.cli.registry.desk import Desk, pass_desk
from control.cli.registry.forms import filled_in
from control.cli.registry.showing import (
    after_option,
    each_by,
    limit_option,
    page,
    show_fields,
    show_rows,
)
from control.registry.access import sight
from control.registry.parties import registrants
from control.registry.parties.registrants import RegistrantNew, RegistrantText
from control.registry.store import rows
from control.registry.store.model import Registrant


@click.group("registrants")
def commands() -> None:
    """Organisations and individuals who register addresses."""


@commands.command("list")
@click.option("--name", help="Only those whose name begins so.")
@after_option
@limit_option
@as_json_option
@pass_desk
def registrants_list(desk: Desk, name: str | None, after: str, limit: int, as_json: bool) -> None:
    """List registrants."""
    visible = sight.select_visible(desk.actor, Registrant)
    if name:
        visible = visible.where(Registrant.name.istartswith(name, autoescape=True))
    with desk.reading("registrant.read") as session:
        page_rows = page(session, visible, after, limit, each_by(registrants.record))
    show_rows("registrants", ("id", *registrants.FIELDS), page_rows, as_json)


@commands.command("show")
@click.argument("id_", metavar="ID")
@as_json_option
@pass_desk
def registrants_show(desk: Desk, id_: str, as_json: bool) -> None:
    """Show one registrant."""
    with desk.reading("registrant.read") as session:
        fields = registrants.record(rows.find(session, desk.actor, Registrant, id_))
    show_fields(fields["id"], fields, as_json)


@commands.command("add")
@filled_in(RegistrantNew, registrants.FIELDS)
@as_json_option
@pass_desk
def registrants_add(desk: Desk, /, as_json: bool, **said: str | None) -> None:
    """Enter a registrant; it takes an officer."""
    new = forms.read(RegistrantNew, said)
    with desk.writing() as writing:
        fields = registrants.record(registrants.create(writing, new))
    show_fields(fields["id"], fields, as_json)


@commands.command("edit")
@click.argument("id_", metavar="ID")
@filled_in(RegistrantText, tuple(RegistrantText.model_fields), edits=True)
@as_json_option
@pass_desk
def registrants_edit(desk: Desk, /, id_: str, as_json: bool, **said: str | None) -> None:
    """Change what is given of a registrant."""
    edited = forms.read_edit(RegistrantText, said)
    with desk.writing() as writing:
        fields = registrants.record(registrants.edit(writing, id_, None, edited))
    show_fields(fields["id"], fields, as_json)
