"""Commands about persons, officers among them."""

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
from control.registry.parties import persons
from control.registry.parties.persons import ROLES, OfficerNew, PersonText
from control.registry.store.model import Person

COLUMNS = ("id", *PersonText.model_fields, "closed_at")

role_option = click.option(
    "--role", "roles", multiple=True, type=click.Choice(ROLES), help="What tokens may be for; repeatable."
)


@click.group("persons")
def commands() -> None:
    """Those who decide for the regulator, run the registry, or audit it."""


@commands.command("list")
@as_json_option
@pass_desk
def persons_list(desk: Desk, as_json: bool) -> None:
    """List the persons."""
    with desk.reading("person.read") as session:
        page_rows = page(session, sight.select_visible(desk.actor, Person), records=each_by(persons.record))
    show_rows("persons", COLUMNS, page_rows, as_json)


@commands.command("add")
@click.argument("name")
@role_option
@as_json_option
@pass_desk
def persons_add(desk: Desk, name: str, roles: tuple[str, ...], as_json: bool) -> None:
    """Enter a person, under a name that nobody takes for another's."""
    new = forms.read(PersonText, {"name": name, "roles": roles})
    with desk.writing() as writing:
        fields = persons.record(persons.create(writing, new))
    show_fields(fields["id"], fields, as_json)


@commands.command("edit")
@click.argument("id_", metavar="ID")
@click.option("--name")
@role_option
@as_json_option
@pass_desk
def persons_edit(desk: Desk, id_: str, name: str | None, roles: tuple[str, ...], as_json: bool) -> None:
    """Change a person's name, or the roles, which are then just these."""
    edited = forms.read_edit(PersonText, {"name": name, "roles": roles or None})
    with desk.writing() as writing:
        fields = persons.record(persons.edit(writing, id_, None, edited))
    show_fields(fields["id"], fields, as_json)


@commands.command("close")
@click.argument("id_", metavar="ID")
@as_json_option
@pass_desk
def persons_close(desk: Desk, id_: str, as_json: bool) -> None:
    """Make all tokens of a person good for nothing, until the person is reopened."""
    with desk.writing() as writing:
        fields = persons.record(persons.close(writing, id_))
    show_fields(fields["id"], fields, as_json)


@commands.command("reopen")
@click.argument("id_", metavar="ID")
@as_json_option
@pass_desk
def persons_reopen(desk: Desk, id_: str, as_json: bool) -> None:
    """Make the tokens of a person good again."""
    with desk.writing() as writing:
        fields = persons.record(persons.reopen(writing, id_))
    show_fields(fields["id"], fields, as_json)


@click.group("officers")
def officers() -> None:
    """Those who decide for the regulator."""


@officers.command("list")
@as_json_option
@pass_desk
def officers_list(desk: Desk, as_json: bool) -> None:
    """List the officers."""
    with desk.reading("person.read") as session:
        visible = sight.select_visible(desk.actor, Person).where(persons.has_role("officer"))
        page_rows = page(session, visible, records=each_by(persons.record))
    show_rows("officers", COLUMNS, page_rows, as_json)


@officers.command("add")
@filled_in(OfficerNew, tuple(OfficerNew.model_fields))
@as_json_option
@pass_desk
def officers_add(desk: Desk, /, as_json: bool, **said: str | None) -> None:
    """Enter an officer."""
    new = forms.read(OfficerNew, said)
    with desk.writing() as writing:
        fields = persons.record(persons.create(writing, new.person()))
    show_fields(fields["id"], fields, as_json)
