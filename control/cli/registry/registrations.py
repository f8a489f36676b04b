"""Commands about registrations, and the intents to take them off the live list."""

from dataclasses import asdict

import click

from control.cli.context import as_json_option
from control.cli.registry.desk import Desk, pass_desk
from control.cli.registry.showing import (
    after_option,
    each_by,
    limit_option,
    page,
    record,
    show_fields,
    show_rows,
)
from control.registry.access import sight
from control.registry.access.actor import CLOCK
from control.registry.cases import records, workflow
from control.registry.cases import registrations as registrations_
from control.registry.intents import intents as intents_
from control.registry.publication import serials
from control.registry.publication.serials import snapshot
from control.registry.store import rows
from control.registry.store.model import Intent, Registration

REMOVING = tuple(step.name for step in workflow.STEPS if step.removes)


@click.group()
def registrations() -> None:
    """Registered prefixes."""


@registrations.command("list")
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
    wanted = sight.select_visible(desk.actor, Registration)
    if states:
        wanted = wanted.where(Registration.state.in_(states))
    if registrant:
        wanted = wanted.where(Registration.registrant_id == registrant)
    if prefix:
        wanted = wanted.where(Registration.prefix == prefix)
    with desk.reading("registration.read") as session:
        found = page(session, wanted, after, limit, each_by(records.registration))
    columns = ("id", "state", "prefix", "protocols", "ports", "registrant_id", "valid_until", "live_serial")
    show_rows("registrations", columns, found, as_json)


@registrations.command("show")
@click.argument("id_", metavar="ID")
@as_json_option
@pass_desk
def registrations_show(desk: Desk, id_: str, as_json: bool) -> None:
    """Show one registration, and the steps that are legal now."""
    with desk.reading("registration.read") as session:
        found = rows.find(session, desk.actor, Registration, id_)
        shown = records.registration(found)
    show_fields(id_, shown, as_json)


@registrations.command("live")
@as_json_option
@pass_desk
def registrations_live(desk: Desk, as_json: bool) -> None:
    """Show where the live list has got to."""
    with desk.reading("list.follow") as session:
        found = snapshot(session)
    show_fields("live list", asdict(found.head) | {"sha256": found.sha256}, as_json)


@registrations.command("renew")
@click.argument("id_", metavar="ID")
@as_json_option
@pass_desk
def registrations_renew(desk: Desk, id_: str, as_json: bool) -> None:
    """Have a registration valid for its category's term from now on."""
    with desk.writing() as writing:
        found = records.registration(registrations_.renew(writing, id_))
    show_fields(found["id"], found, as_json)


@registrations.command("resume")
@click.argument("id_", metavar="ID")
@as_json_option
@pass_desk
def registrations_resume(desk: Desk, id_: str, as_json: bool) -> None:
    """Put a suspended registration back on the live list."""
    with desk.writing() as writing:
        found = records.registration(registrations_.resume(writing, id_))
    show_fields(found["id"], found, as_json)


@registrations.command("tick")
@as_json_option
@pass_desk
def registrations_tick(desk: Desk, as_json: bool) -> None:
    """Do what the dates bring: warn, and propose to let expire what is over. Nothing is cut by it."""
    desk.demand("registration.tick")
    warned, proposed, is_more = 0, [], True
    while is_more:
        with desk.database.writing(CLOCK) as writing:
            tick = registrations_.tick(writing)
            proposed += [tick.intent.id] if tick.intent else []
        warned, is_more = warned + tick.warned, tick.is_more
    show_fields("what the dates brought", {"warned": warned, "intents": proposed}, as_json)


@click.group()
def intents() -> None:
    """What would take entries off the live list: proposed with its effect, then confirmed."""


@intents.command("list")
@click.option("--state", type=click.Choice(["open", "done", "cancelled"]), default="open", show_default=True)
@after_option
@limit_option
@as_json_option
@pass_desk
def intents_list(desk: Desk, state: str, after: str, limit: int, as_json: bool) -> None:
    """List intents, and what each would cut."""
    wanted = sight.select_visible(desk.actor, Intent).where(Intent.state == state)
    with desk.reading("intent.read") as session:
        found = page(session, wanted, after, limit)
        found = [each | asdict(intents_.effect(session, each["id"])) for each in found]
    columns = ("id", "step", "reason", "proposed_by", "registrations", "live", "registrants")
    show_rows(f"{state} intents", columns, found, as_json)


@intents.command("propose")
@click.argument("step", type=click.Choice(REMOVING))
@click.argument("ids", nargs=-1, required=True)
@click.option("--reason", default="", help="Why, in words that the registrant can act on.")
@as_json_option
@pass_desk
def intents_propose(desk: Desk, step: str, ids: tuple[str, ...], reason: str, as_json: bool) -> None:
    """Propose a step for registrations, and show what it would cut; nothing is cut yet."""
    with desk.writing() as writing:
        made = intents_.propose(writing, step, dict.fromkeys(ids), reason)
        found = record(made) | asdict(intents_.effect(writing.session, made.id))
    show_fields(found["id"], found, as_json)


@intents.command("confirm")
@click.argument("id_", metavar="ID")
@click.option("--live", type=int, required=True, help="The number of live entries that it would cut, as shown.")
@as_json_option
@pass_desk
def intents_confirm(desk: Desk, id_: str, live: int, as_json: bool) -> None:
    """Carry an intent out; a revocation takes another officer than who proposed it."""
    with desk.writing() as writing:
        done = asdict(intents_.confirm(writing, id_, live))
    with desk.reading("list.follow") as session:
        show_fields("carried out", done | {"serial": serials.head(session).serial}, as_json)


@intents.command("cancel")
@click.argument("id_", metavar="ID")
@as_json_option
@pass_desk
def intents_cancel(desk: Desk, id_: str, as_json: bool) -> None:
    """Let go of an intent."""
    with desk.writing() as writing:
        found = record(intents_.cancel(writing, id_))
    show_fields(found["id"], found, as_json)
