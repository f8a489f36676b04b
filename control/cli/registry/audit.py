"""Commands about the audit."""

import contextlib
import itertools
import json
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import click

from control.cli.context import as_json_option
from control.cli.output import agent, print_json
from control.cli.registry.addresses import asked
from control.cli.registry.desk import Desk, pass_desk
from control.cli.registry.kept_heads import of_edge
from control.cli.registry.showing import limit_option, plain, record, show_fields, show_rows
from control.commands.policy import ReadPolicy
from control.fault import Fault, Refused
from control.registry.access import sight
from control.registry.audit import anchors as heads_in_files
from control.registry.audit import chain, gateway, heads, verify
from control.registry.jobs import calendar
from control.registry.publication import edges
from control.registry.store.model import AuditRow


class _Moment(click.DateTime):
    """A time with its timezone, in UTC."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        try:
            return super().convert(value, param, ctx).astimezone(UTC)
        except OverflowError:
            self.fail(f"{value!r} is outside of the calendar in UTC.", param, ctx)


MOMENT = _Moment(["%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M%z"])

MOST_FINDINGS = 1000
"""Findings that are shown."""

anchors_option = click.option(
    "--anchors", type=click.Path(path_type=Path, file_okay=False), help="Directory of the heads that were anchored."
)


@click.group("audit")
def commands() -> None:
    """The record of every change and every refused attempt."""


@commands.command("verify")
@anchors_option
@click.option(
    "--heads", "files", multiple=True, type=click.Path(path_type=Path, dir_okay=False), help="Heads that somebody kept."
)
@click.option("--edge", "names", multiple=True, metavar="NAME", help="Ask this edge for the heads that it kept.")
@as_json_option
@pass_desk
def audit_verify(
    desk: Desk, anchors: Path | None, files: tuple[Path, ...], names: tuple[str, ...], as_json: bool
) -> None:
    """Name whatever is not as it was written; the status is then 1.

    Rows are held against each other and against signed heads; the tables against the rows, and the policy of a
    gateway on this machine too. Heads that somebody else has kept (--heads, --edge) show what whoever has the database
    and the key could have written anew.
    """
    given: list[chain.Witnessed | Fault] = [*heads_in_files.kept(anchors or desk.anchors)]
    for file in files:
        given += heads_in_files.in_file(file)
    for name in names:
        given += heads_in_files.in_text(of_edge(desk.config, name), f"edge {name}")
    key, policy = desk.public_key, _policy(desk)
    with desk.reading("audit.read") as session:
        found = itertools.chain(verify.findings(session, key, given), gateway.findings(session, policy))
        findings = [asdict(finding) for finding in itertools.islice(found, MOST_FINDINGS)]
        last, own = chain.last(session), heads.last_number(session)
    if as_json:
        print_json({"whole": not findings, "rows": last.seq, "head": last.hash, "findings": findings})
    elif findings:
        show_rows("not as it was written", ("where", "what"), findings, as_json=False)
        if len(findings) == MOST_FINDINGS:
            click.echo(f"and maybe more: these are the first {MOST_FINDINGS:,}", err=True)
    else:
        click.echo(f"{last.seq:,} rows, and each as it was written; the last one's hash is {last.hash}")
        click.echo(f"held against {own:,} heads of the registry's own, and {len(given):,} that were kept elsewhere")
        click.echo("the tables are what the rows say")
    if findings:
        sys.exit(1)


def _policy(desk: Desk) -> dict[str, Any]:
    """Return the policy of the gateway on this machine; none where no agent answers."""
    with contextlib.suppress(Refused):
        said: dict[str, Any] = agent(desk.config).ask(ReadPolicy()).model_dump()["policy"]
        return said
    return {}


@commands.command("list")
@click.option("--object", "object_", help="Only about the object of this id.")
@click.option("--actor", help="Only what this actor did.")
@click.option("--action", help="Only this action, such as application.approve.")
@click.option("--outcome", type=click.Choice(["done", "refused"]))
@click.option("--after", type=int, default=0, metavar="SEQ", help="Go on behind this row.")
@limit_option
@as_json_option
@pass_desk
def audit_list(desk: Desk, /, after: int, limit: int, as_json: bool, **filters: str | None) -> None:
    """List rows in their order."""
    visible = sight.select_visible(desk.actor, AuditRow).where(AuditRow.seq > after).order_by(AuditRow.seq).limit(limit)
    for name, value in filters.items():
        if value is not None:
            visible = visible.where(getattr(AuditRow, name.rstrip("_")) == value)
    with desk.reading("audit.read") as session:
        page_rows = [_row(row) for row in session.scalars(visible)]
    show_rows("audit", ("seq", "at", "actor", "action", "object", "outcome", "after"), page_rows, as_json)


@commands.command("head")
@as_json_option
@pass_desk
def audit_head(desk: Desk, as_json: bool) -> None:
    """Show the last row's number and hash."""
    with desk.reading("audit.read") as session:
        show_fields("head", asdict(chain.last(session)), as_json)


@commands.command("heads")
@click.option("--after", type=click.IntRange(0), default=0, metavar="NUMBER", help="Go on behind this head.")
@limit_option
@as_json_option
@pass_desk
def audit_heads(desk: Desk, after: int, limit: int, as_json: bool) -> None:
    """Print signed heads, one a line: keep them elsewhere, and no one can rewrite what is before unseen."""
    with desk.reading("audit.read") as session:
        lines = heads.lines(session, after, limit)
    if as_json:
        print_json({"heads": [json.loads(line) for line in lines]})
        return
    for line in lines:
        click.echo(line)


@commands.command("anchor")
@anchors_option
@as_json_option
@pass_desk
def audit_anchor(desk: Desk, anchors: Path | None, as_json: bool) -> None:
    """Sign a head now, and write it into the day's file."""
    desk.demand("audit.read")
    calendar.sign_head(desk.database, now=True)
    with desk.reading("audit.read") as session:
        line = heads.last_line(session) or ""
    file = heads_in_files.write(anchors or desk.anchors, desk.database.now(), line)
    show_fields("anchored", {"file": str(file), **json.loads(line)}, as_json)


@commands.command("at")
@click.argument("object_", metavar="ID")
@click.argument("time", type=MOMENT)
@as_json_option
@pass_desk
def audit_at(desk: Desk, object_: str, time: datetime, as_json: bool) -> None:
    """Show an object as it was at a TIME, such as 2026-11-24T12:00+00:00."""
    with desk.reading("audit.read") as session:
        show_fields(f"{object_} at {time.isoformat()}", chain.state_at(session, object_, time), as_json)


@commands.command("standing")
@click.argument("edge")
@click.argument("address")
@click.argument("time", type=MOMENT)
@as_json_option
@pass_desk
def audit_standing(desk: Desk, edge: str, address: str, time: datetime, as_json: bool) -> None:
    """Say whether EDGE had ADDRESS let through at a TIME, by what it reported of its kernel.

    What an operator added at the edge itself is not known here.
    """
    prefix = ip_network(asked("address", address))
    with desk.reading("audit.read") as session:
        stood = edges.standing(session, edge, prefix, time)
        fields = {
            "allowed": bool(stood.listings),
            "serial": stood.serial,
            "since": stood.since.isoformat() if stood.since else None,
            "registrations": [listing.registration_id for listing in stood.listings],
        }
    show_fields(f"{address} on {edge} at {time.isoformat()}", fields, as_json)


def _row(row: AuditRow) -> dict[str, Any]:
    """Return a row of the audit with what it says as JSON, not as text."""
    return {name: plain(value) for name, value in record(row).items()} | {
        "before": json.loads(row.before),
        "after": json.loads(row.after),
    }
