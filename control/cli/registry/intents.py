"""Commands about the intents to take registrations off the live list."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import click
from pydantic_core import to_jsonable_python
from sqlalchemy.orm import Session

from control.cli.context import as_json_option
from control.cli.output import print_json
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
from control.registry.endings import outlook
from control.registry.intents import intents, undoing
from control.registry.intents.lines import lines
from control.registry.publication import serials
from control.registry.store import rows
from control.registry.store.model import Intent, Registration

REMOVING = tuple(step.name for step in workflow.STEPS if step.removes)


@click.group("intents")
def commands() -> None:
    """What would take entries off the live list: proposed with its effect, then confirmed."""


@commands.command("list")
@click.option("--state", type=click.Choice(["open", "done", "undone", "cancelled"]), default="open", show_default=True)
@after_option
@limit_option
@as_json_option
@pass_desk
def intents_list(desk: Desk, state: str, after: str, limit: int, as_json: bool) -> None:
    """List intents, and what each would cut."""
    visible = sight.select_visible(desk.actor, Intent).where(Intent.state == state)
    with desk.reading("intent.read") as session:
        page_rows = page(session, visible, after, limit, _shown)
        warnings = [] if as_json else outlook.look(desk.database, session).warnings
    columns = ("id", "step", "reason", "proposed_by", "registrations", "live", "in_use", "registrants")
    show_rows(f"{state} intents", columns, page_rows, as_json)
    for warning in warnings:
        click.echo(f"warning: {warning}", err=True)


@commands.command("show")
@click.argument("id_", metavar="ID")
@after_option
@limit_option
@as_json_option
@pass_desk
def intents_show(desk: Desk, id_: str, after: str, limit: int, as_json: bool) -> None:
    """Show what an intent is about: names, addresses, and when each last had traffic at which edge."""

    def shown(session: Session, found: Sequence[Registration]) -> list[dict[str, Any]]:
        each = lines(session, found)
        return [to_jsonable_python(asdict(line) | {"in_use": line.in_use}) for line in each]

    with desk.reading("intent.read") as session:
        intent = rows.find(session, desk.actor, Intent, id_)
        (fields,) = _shown(session, [intent])
        registrations = page(session, intents.of_intent(id_), after, limit, shown)
    if as_json:
        print_json(fields | {"items": registrations})
        return
    show_fields(id_, fields, as_json=False)
    show_rows("registrations", ("id", "registrant", "prefix", "state", "in_use", "traffic"), registrations, as_json)


@commands.command("undo")
@click.argument("id_", metavar="ID")
@as_json_option
@pass_desk
def intents_undo(desk: Desk, id_: str, as_json: bool) -> None:
    """Put back on the live list, at once, what an intent took off it."""
    with desk.writing() as writing:
        undone = undoing.undo(writing, id_)
        fields = {"back": len(undone.back), "live_serial": writing.serial, "left": [str(each) for each in undone.left]}
    show_fields(id_, fields, as_json)


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
        (fields,) = _shown(writing.session, [intent])
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


def _shown(session: Session, found: Sequence[Intent]) -> list[dict[str, Any]]:
    """Return intents with what each would do now, and whether the clock carries it out."""
    return [
        record(each) | {"by_clock": each.waits_boot is not None} | asdict(intents.effect(session, each.id))
        for each in found
    ]
