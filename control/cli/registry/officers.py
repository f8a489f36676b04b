"""Commands about officers."""

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
from control.registry.parties import officers
from control.registry.parties.officers import OfficerNew
from control.registry.store.model import Officer


@click.group("officers")
def commands() -> None:
    """Those who decide for the regulator."""


@commands.command("list")
@as_json_option
@pass_desk
def officers_list(desk: Desk, as_json: bool) -> None:
    """List the officers."""
    with desk.reading("officer.read") as session:
        page_rows = page(session, sight.select_visible(desk.actor, Officer), records=each_by(officers.record))
    show_rows("officers", ("id", *OfficerNew.model_fields), page_rows, as_json)


@commands.command("add")
@filled_in(OfficerNew, tuple(OfficerNew.model_fields))
@as_json_option
@pass_desk
def officers_add(desk: Desk, /, as_json: bool, **said: str | None) -> None:
    """Enter an officer."""
    new = forms.read(OfficerNew, said)
    with desk.writing() as writing:
        fields = officers.record(officers.create(writing, new))
    show_fields(fields["id"], fields, as_json)
