"""Commands about the gateways that follow the live list."""

import click

from control.cli.context import as_json_option
from control.cli.registry.desk import Desk, pass_desk
from control.cli.registry.showing import after_option, limit_option, page, show_fields, show_rows
from control.registry.access import sight
from control.registry.publication import edges
from control.registry.store.model import FollowingEdge


@click.group("edges")
def commands() -> None:
    """Gateways that follow the live list, and what they report."""


@commands.command("list")
@after_option
@limit_option
@as_json_option
@pass_desk
def edges_list(desk: Desk, after: str, limit: int, as_json: bool) -> None:
    """List edges: the serial that each has, how many entries, how many it holds, and when it last reported."""
    visible = sight.select_visible(desk.actor, FollowingEdge)
    with desk.reading("edge.read") as session:
        found = page(session, visible, after, limit, edges.records)
    columns = (
        "id",
        "name",
        "login",
        "serial",
        "entries",
        "held",
        "reported_at",
        "watched_hours",
        "ahead_s",
        "retired_at",
    )
    show_rows("edges", columns, found, as_json)


@commands.command("add")
@click.argument("name")
@click.option("--login", help="The login of PostgreSQL that alone may speak for it.")
@as_json_option
@pass_desk
def edges_add(desk: Desk, name: str, login: str | None, as_json: bool) -> None:
    """Enter an edge by its NAME (feed.name), so that it can report by a login that may write nothing else."""
    with desk.writing() as writing:
        edge = edges.create(writing, name, login)
        writing.session.flush()
        fields = edges.records(writing.session, [edge])[0]
    show_fields(fields["id"], fields, as_json)


@commands.command("bind")
@click.argument("id_", metavar="ID")
@click.argument("login", required=False)
@as_json_option
@pass_desk
def edges_bind(desk: Desk, id_: str, login: str | None, as_json: bool) -> None:
    """Say by which LOGIN of PostgreSQL alone an edge speaks; without one by that of any follower."""
    with desk.writing() as writing:
        edge = edges.bind(writing, id_, login)
        writing.session.flush()
        fields = edges.records(writing.session, [edge])[0]
    show_fields(id_, fields, as_json)


@commands.command("retire")
@click.argument("id_", metavar="ID")
@as_json_option
@pass_desk
def edges_retire(desk: Desk, id_: str, as_json: bool) -> None:
    """Say that an edge is no more, so that nothing waits for its reports; one that is heard from again is back."""
    with desk.writing() as writing:
        edge = edges.retire(writing, id_)
        fields = edges.records(writing.session, [edge])[0]
    show_fields(id_, fields, as_json)
