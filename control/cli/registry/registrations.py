"""Commands about registrations."""

from dataclasses import asdict

import click
from pydantic_core import to_jsonable_python
from sqlalchemy import Select

from control.cli.context import as_json_option
from control.cli.registry.addresses import asked
from control.cli.registry.desk import Desk, pass_desk
from control.cli.registry.showing import (
    after_option,
    demand_which,
    each_by,
    limit_option,
    page,
    show_fields,
    show_rows,
)
from control.registry.access import sight
from control.registry.access.actor import CLOCK
from control.registry.cases import records, registrations, workflow
from control.registry.endings import dates
from control.registry.publication import serials, use
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
@click.option("--prefix", help="Only this address or prefix, in whatever form.")
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
        visible = visible.where(Registration.prefix == asked("--prefix", prefix))
    with desk.reading("registration.read") as session:
        page_rows = page(session, visible, after, limit, each_by(records.registration))
    columns = ("id", "state", "prefix", "protocols", "ports", "registrant_id", "valid_until", "live_serial")
    show_rows("registrations", columns, page_rows, as_json)


@commands.command("show")
@click.argument("id_", metavar="ID")
@as_json_option
@pass_desk
def registrations_show(desk: Desk, id_: str, as_json: bool) -> None:
    """Show one registration, the steps that are legal now, and when edges last had traffic of it."""
    with desk.reading("registration.read") as session:
        registration = rows.find(session, desk.actor, Registration, id_)
        traffic = use.last_traffic(session, [registration])[id_]
        fields = records.registration(registration) | {
            "traffic": to_jsonable_python([asdict(each) for each in traffic])
        }
    show_fields(id_, fields, as_json)


@commands.command("live")
@as_json_option
@pass_desk
def registrations_live(desk: Desk, as_json: bool) -> None:
    """Show where the live list has got to."""
    with desk.reading("list.follow") as session:
        snapshot = serials.snapshot(session)
    show_fields("live list", asdict(snapshot.head) | {"sha256": snapshot.sha256}, as_json)


def _in_bulk(name: str, words: str) -> None:
    """Make a command of a step that takes registrations by the thousand, at once."""

    @commands.command(name, help=f"{words} With --all, all that may; all or none.")
    @click.argument("ids", nargs=-1)
    @click.option("--all", "everything", is_flag=True, help="All that may, and that the option below leaves.")
    @click.option("--registrant", help="With --all: only of the registrant of this id.")
    @as_json_option
    @pass_desk
    def command(desk: Desk, /, ids: tuple[str, ...], everything: bool, registrant: str | None, as_json: bool) -> None:
        demand_which(ids, everything)
        with desk.writing() as writing:
            chosen = _waiting(desk, name, registrant)
            found = list(writing.session.scalars(chosen)) if everything else list(ids)
            kept = registrations.MANY[name](writing, dict.fromkeys(found)) if found else []
            serial = writing.serial if writing.added else None
            fields = (
                records.registration(kept[0]) if len(ids) == 1 else {"registrations": len(kept), "live_serial": serial}
            )
        show_fields(ids[0] if len(ids) == 1 else name, fields, as_json)


def _waiting(desk: Desk, name: str, registrant: str | None) -> Select[str]:
    """Return a query for the ids of what a step is for: to renew, of what is near its end."""
    states = ("expiring",) if name == "renew" else workflow.step("registration", name).sources
    chosen = sight.select_visible(desk.actor, Registration).where(Registration.state.in_(states))
    if registrant:
        chosen = chosen.where(Registration.registrant_id == registrant)
    return chosen.with_only_columns(Registration.id).order_by(Registration.id)


_in_bulk("renew", "Have registrations valid for their category's term from now on.")
_in_bulk("resume", "Put suspended registrations back on the live list.")
_in_bulk("restore", "Put back what expired or was revoked within the last 30 days.")


@commands.command("tick")
@as_json_option
@pass_desk
def registrations_tick(desk: Desk, as_json: bool) -> None:
    """Do what the dates bring: warn, hold what is over and in use, and take the next batch of the rest off the list."""
    desk.demand("registration.tick")
    sums = {"warned": 0, "held": 0, "proposed": 0, "expired": 0}
    made: list[str] = []
    doubts: tuple[str, ...] = ()
    is_more = True
    while is_more:
        with desk.database.writing(CLOCK) as writing:
            tick = dates.tick(writing)
        sums = {name: count + getattr(tick, name) for name, count in sums.items()}
        made, doubts, is_more = [*made, *tick.intents], tick.doubts, tick.is_more
    show_fields("what the dates brought", sums | {"intents": made, "doubts": list(doubts)}, as_json)
