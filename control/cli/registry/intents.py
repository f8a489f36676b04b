"""Commands about the intents to take registrations off the live list."""

from dataclasses import asdict

import click

from control.cli.context import as_json_option
from control.cli.registry.desk import Desk, pass_desk
from control.cli.registry.showing import (
    after_option,
    limit_option,
    page,
    record,
    show_fields,
    show_rows,
)
from control.registry.access import sight
from control.registry.cases import workflow
from control.registry.intents import intents
from control.registry.publication import serials
from control.registry.store import rows
from control.registry.store.model import Intent

REMOVING = tuple(step.name for step in workflow.STEPS if step.removes)


@click.group("intents")
def commands() -> None:
    """What would take entries off the live list: proposed with its effect, then confirmed."""


@commands.command("list")
@click.option("--state", type=click.Choice(["open", "done", "cancelled"]), default="open", show_default=True)
@after_option
@limit_option
@as_json_option
@pass_desk
def intents_list(desk: Desk, state: str, after: str, limit: int, as_json: bool) -> None:
    """List intents, and what each would cut."""
    visible = sight.select_visible(desk.actor, Intent).where(Intent.state == state)
    with desk.reading("intent.read") as session:
        page_rows = page(session, visible, after, limit)
        page_rows = [intent | asdict(intents.effect(session, intent["id"])) for intent in page_rows]
    columns = ("id", "step", "reason", "proposed_by", "registrations", "live", "registrants")
    show_rows(f"{state} intents", columns, page_rows, as_json)


@commands.command("propose")
@click.argument("step", type=click.Choice(REMOVING))
@click.argument("ids", nargs=-1, required=True)
@click.option("--reason", default="", help="Why, in words that the registrant can act on.")
@as_json_option
@pass_desk
def intents_propose(desk: Desk, step: str, ids: tuple[str, ...], reason: str, as_json: bool) -> None:
    """Propose a step for registrations, and show what it would cut; nothing is cut yet."""
    with desk.writing() as writing:
        intent = intents.propose(writing, step, dict.fromkeys(ids), reason)
        fields = record(intent) | asdict(intents.effect(writing.session, intent.id))
    show_fields(fields["id"], fields, as_json)


@commands.command("confirm")
@click.argument("id_", metavar="ID")
@click.option("--live", type=int, required=True, help="The number of live entries that it would cut, as shown.")
@as_json_option
@pass_desk
def intents_confirm(desk: Desk, id_: str, live: int, as_json: bool) -> None:
    """Carry an intent out; a revocation takes another officer than who proposed it, and so does much within a day."""
    with desk.writing() as writing:
        done = asdict(intents.confirm(writing, id_, live))
        agreed_by = rows.find(writing.session, writing.actor, Intent, id_).agreed_by
        is_done = rows.find(writing.session, writing.actor, Intent, id_).state != "open"
    if not is_done:
        show_fields("noted; it takes another officer", done | {"agreed_by": agreed_by}, as_json)
        return
    with desk.reading("list.follow") as session:
        show_fields("carried out", done | {"serial": serials.head(session).serial}, as_json)


@commands.command("cancel")
@click.argument("id_", metavar="ID")
@as_json_option
@pass_desk
def intents_cancel(desk: Desk, id_: str, as_json: bool) -> None:
    """Let go of an intent."""
    with desk.writing() as writing:
        fields = record(intents.cancel(writing, id_))
    show_fields(fields["id"], fields, as_json)
