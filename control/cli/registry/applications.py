"""Commands about applications: the queue, and each step of the workflow for one or for thousands."""

from collections.abc import Callable, Iterable
from typing import Any

import click
from sqlalchemy import Select
from sqlalchemy.orm import Session

from control.cli.context import as_json_option
from control.cli.progress import progress
from control.cli.registry.desk import Desk, pass_desk
from control.cli.registry.showing import (
    after_option,
    demand_which,
    limit_option,
    page,
    show_fields,
    show_rows,
)
from control.registry.access import sight
from control.registry.cases import applications, records, review, workflow
from control.registry.cases.applications import DocumentText, Draft
from control.registry.space import addresses
from control.registry.store import rows
from control.registry.store.model import Application
from control.registry.store.writing import Writing, portions

STRIDE = 500
"""Applications that go together, between two steps of the progress bar; they are one transaction all the same."""

Filters = Callable[..., Any]


def _filtered(command: Filters) -> Filters:
    for option in (
        click.option("--category", help="Only of this category."),
        click.option("--provider", help="Only before the provider of this id."),
        click.option("--registrant", help="Only of the registrant of this id."),
    ):
        command = option(command)
    return command


def _filtered_rows(desk: Desk, states: Iterable[str], filters: dict[str, str | None]) -> Select[Any]:
    visible = sight.select_visible(desk.actor, Application)
    if states:
        visible = visible.where(Application.state.in_(list(states)))
    columns = {"provider": Application.provider_id, "registrant": Application.registrant_id}
    for name, value in filters.items():
        if value is not None:
            visible = visible.where(columns.get(name, Application.category) == value)
    return visible


@click.group("applications")
def commands() -> None:
    """Applications, from draft to approval."""


@commands.command("list")
@click.option("--state", "states", multiple=True, type=click.Choice(workflow.states("application")), help="Repeatable.")
@_filtered
@after_option
@limit_option
@as_json_option
@pass_desk
def applications_list(
    desk: Desk, /, states: tuple[str, ...], after: str, limit: int, as_json: bool, **filters: str | None
) -> None:
    """List applications, the oldest first."""
    with desk.reading("application.read") as session:
        shown = lambda session, rows: records.applications(session, desk.actor, rows)  # noqa: E731
        page_rows = page(session, _filtered_rows(desk, states, filters), after, limit, shown)
    columns = ("id", "state", "category", "registrant_id", "provider_id", "covers", "outside", "submitted_at", "reason")
    show_rows("applications", columns, page_rows, as_json)


@commands.command("show")
@click.argument("id_", metavar="ID")
@as_json_option
@pass_desk
def applications_show(desk: Desk, id_: str, as_json: bool) -> None:
    """Show one application, with its addresses and the steps that are legal now."""
    with desk.reading("application.read") as session:
        application = rows.find(session, desk.actor, Application, id_)
        fields = _record(desk, session, application)
    entries = [" ".join(_words(entry)) for entry in fields["entries"]]
    show_fields(id_, fields if as_json else fields | {"entries": entries}, as_json)


def _words(entry: dict[str, Any]) -> list[str]:
    return [entry["prefix"], *entry["protocols"], *entry["ports"]]


def _record(desk: Desk, session: Session, application: Application) -> dict[str, Any]:
    return records.applications(session, desk.actor, [application])[0]


@commands.command("add")
@click.argument("registrant")
@click.argument("category")
@click.argument("prefixes", nargs=-1, required=True)
@click.option("--provider", help="The id of the provider that gave the addresses.")
@click.option("--protocol", "protocols", multiple=True, help="Only this; repeatable.")
@click.option("--port", "ports", multiple=True, help="Only this port or range; repeatable.")
@click.option("--document", "documents", multiple=True, nargs=3, metavar="KIND REFERENCE SHA256", help="Repeatable.")
@as_json_option
@pass_desk
def applications_add(
    desk: Desk,
    registrant: str,
    category: str,
    prefixes: tuple[str, ...],
    provider: str | None,
    protocols: tuple[str, ...],
    ports: tuple[str, ...],
    documents: tuple[tuple[str, str, str], ...],
    as_json: bool,
) -> None:
    """Enter an application of REGISTRANT for PREFIXES, as a draft."""
    said = {"protocols": list(protocols), "ports": list(ports)}
    with desk.writing() as writing:
        written = [{"prefix": prefix, **{name: value for name, value in said.items() if value}} for prefix in prefixes]
        entries = addresses.read_entries(written, writing.rules.addresses)
        papers = [dict(zip(DocumentText.model_fields, parts, strict=True)) for parts in documents]
        draft = Draft(registrant, category, entries, applications.read_documents(papers), provider)
        fields = _record(desk, writing.session, applications.create(writing, draft))
    show_fields(fields["id"], fields, as_json)


def _explicit(name: str) -> Callable[[Filters], Filters]:
    """Give the command that approves its option for what lies outside the provider's space."""
    words = "How many of the prefixes lie outside their providers' space, as `applications show` says."
    option = click.option("--outside", type=click.IntRange(0), default=0, show_default=True, help=words)
    return option if name == "approve" else lambda command: command


def _in_bulk(name: str, step: Callable[[Writing, rows.Versions], list[Application]], words: str) -> None:
    """Make a command of a step that takes applications by the thousand."""

    @commands.command(name, help=f"{words} With --all, all that wait for it; all or none.")
    @click.argument("ids", nargs=-1)
    @click.option("--all", "everything", is_flag=True, help="All that wait for it, and that the options below leave.")
    @_explicit(name)
    @_filtered
    @as_json_option
    @pass_desk
    def command(
        desk: Desk, /, ids: tuple[str, ...], everything: bool, as_json: bool, outside: int = 0, **filters: str | None
    ) -> None:
        demand_which(ids, everything)
        sources = workflow.step("application", name).sources
        with desk.writing() as writing, progress(name, as_json) as told:
            waiting = _filtered_rows(desk, sources, filters).with_only_columns(Application.id).order_by(Application.id)
            chosen = list(writing.session.scalars(waiting)) if everything else list(ids)
            if name == "approve":  # the officer's word is about all of them
                review.approve_many(writing, dict.fromkeys(chosen), outside)
            for place, batch in enumerate(portions(chosen, STRIDE) if name != "approve" else ()):
                step(writing, dict.fromkeys(batch))
                told(place * STRIDE + len(batch), len(chosen))
            serial = writing.serial if writing.added else None
        show_fields(name, {"applications": len(chosen), "live_serial": serial}, as_json)


_in_bulk("submit", review.submit_many, "Put applications before their providers.")
_in_bulk("confirm", review.confirm_many, "Say, as their provider, that the addresses are the applicants'.")
_in_bulk("approve", review.approve_many, "Approve applications: their addresses are live at once.")


def _one_by_one(name: str, step: Callable[[Writing, str, str], Application], words: str) -> None:
    """Make a command of a step that takes one application and a reason."""

    @commands.command(name, help=words)
    @click.argument("id_", metavar="ID")
    @click.argument("reason")
    @as_json_option
    @pass_desk
    def command(desk: Desk, id_: str, reason: str, as_json: bool) -> None:
        with desk.writing() as writing:
            fields = _record(desk, writing.session, step(writing, id_, reason))
        show_fields(fields["id"], fields, as_json)


_one_by_one("return", review.return_, "Give an application back to be corrected; REASON says what is wrong.")
_one_by_one("refuse", review.refuse, "Refuse an application for good, for a REASON.")


@commands.command("withdraw")
@click.argument("id_", metavar="ID")
@as_json_option
@pass_desk
def applications_withdraw(desk: Desk, id_: str, as_json: bool) -> None:
    """Take an application back, as the applicant."""
    with desk.writing() as writing:
        fields = _record(desk, writing.session, review.withdraw(writing, id_))
    show_fields(fields["id"], fields, as_json)
