"""Commands about registrations."""

from dataclasses import asdict

import click

from control.cli.context import as_json_option
from control.cli.registry.desk import Desk, pass_desk
from control.cli.registry.showing import (
    after_option,
    each_by,
    limit_option,
    page,
    show_fields,
    show_rows,
)
from control.registry.access import sight
from control.registry.access.actor import CLOCK
from control.registry.cases import records, registrations, workflow
from control.registry.publication import serials
from control.registry.store import rows
from control.registry.store.model import Registration


@click.group("registrations")
def commands() -> None:
    """Registered prefixes."""


@commands.command("list")
@click.option(
    "--state", "states", multiple=True, type=click.Choice(workflow.states("registration")), help="Repeatable."
)
@click.option("--registrant", help="Only of the registrant of this id.")
@click.option("--prefix", help="Only this prefix, as the registry writes it.")
@after_option
@limit_option
@as_json_option
@pass_desk
def registrations_list(
    desk: Desk,
    states: tuple[str, ...],
    registrant: str | None,
    prefix: str | None,
    after: str,
    limit: int,
    as_json: bool,
) -> None:
    """List registrations, the oldest first."""
    visible = sight.select_visible(desk.actor, Registration)
    if states:
        visible = visible.where(Registration.state.in_(states))
    if registrant:
        visible = visible.where(Registration.registrant_id == registrant)
    if prefix:
        visible = visible.where(Registration.prefix == prefix)
    with desk.reading("registration.read") as session:
        page_rows = page(session, visible, after, limit, each_by(records.registration))
    columns = ("id", "state", "prefix", "protocols", "ports", "registrant_id", "valid_until", "live_serial")
    show_rows("registrations", columns, page_rows, as_json)


@commands.command("show")
@click.argument("id_", metavar="ID")
@as_json_option
@pass_desk
def registrations_show(desk: Desk, id_: str, as_json: bool) -> None:
    """Show one registration, and the steps that are legal now."""
    with desk.reading("registration.read") as session:
        registration = rows.find(session, desk.actor, Registration, id_)
        fields = records.registration(registration)
    show_fields(id_, fields, as_json)


@commands.command("live")
@as_json_option
@pass_desk
def registrations_live(desk: Desk, as_json: bool) -> None:
    """Show where the live list has got to."""
    with desk.reading("list.follow") as session:
        snapshot = serials.snapshot(session)
    show_fields("live list", asdict(snapshot.head) | {"sha256": snapshot.sha256}, as_json)


@commands.command("renew")
@click.argument("id_", metavar="ID")
@as_json_option
@pass_desk
def registrations_renew(desk: Desk, id_: str, as_json: bool) -> None:
    """Have a registration valid for its category's term from now on."""
    with desk.writing() as writing:
        fields = records.registration(registrations.renew(writing, id_))
    show_fields(fields["id"], fields, as_json)


@commands.command("resume")
@click.argument("id_", metavar="ID")
@as_json_option
@pass_desk
def registrations_resume(desk: Desk, id_: str, as_json: bool) -> None:
    """Put a suspended registration back on the live list."""
    with desk.writing() as writing:
        fields = records.registration(registrations.resume(writing, id_))
    show_fields(fields["id"], fields, as_json)


@commands.command("tick")
@as_json_option
@pass_desk
def registrations_tick(desk: Desk, as_json: bool) -> None:
    """Do what the dates bring: warn, and propose to let expire what is over. Nothing is cut by it."""
    desk.demand("registration.tick")
    warned, proposed, is_more = 0, [], True
    while is_more:
        with desk.database.writing(CLOCK) as writing:
            tick = registrations.tick(writing)
            proposed += [tick.intent.id] if tick.intent else []
        warned, is_more = warned + tick.warned, tick.is_more
    show_fields("what the dates brought", {"warned": warned, "intents": proposed}, as_json)
