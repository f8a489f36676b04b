"""Commands about tokens."""

from datetime import timedelta

import click

from control.cli.context import as_json_option
from control.cli.registry.desk import Desk, pass_desk
from control.cli.registry.showing import (
    page,
    record,
    show_fields,
    show_rows,
)
from control.registry.access import sight, tokens
from control.registry.access.actor import SCOPES
from control.registry.access.tokens import NewToken
from control.registry.store.model import Token


@click.group("tokens")
def commands() -> None:
    """Bearer tokens for the API."""


@commands.command("list")
@click.option("--holder", help="Only those of this holder.")
@as_json_option
@pass_desk
def tokens_list(desk: Desk, holder: str | None, as_json: bool) -> None:
    """List the tokens, never the secrets."""
    visible = sight.select_visible(desk.actor, Token)
    if holder:
        visible = visible.where(Token.holder == holder)
    with desk.reading("token.read") as session:
        page_rows = page(session, visible)
    columns = ("id", "name", "scopes", "holder", "makers", "expires_at", "revoked_at", "used_at")
    show_rows("tokens", columns, page_rows, as_json)


@commands.command("create")
@click.argument("name")
@click.option("--scope", "scopes", multiple=True, required=True, type=click.Choice(SCOPES), help="Repeatable.")
@click.option("--holder", required=True, help="Who it is for: the id of a person, a registrant or a provider.")
@click.option("--days", type=click.IntRange(1, tokens.LONGEST.days), default=90, show_default=True)
@as_json_option
@pass_desk
def tokens_create(
    desk: Desk,
    name: str,
    scopes: tuple[str, ...],
    holder: str,
    days: int,
    as_json: bool,
) -> None:
    """Make a token and show it this once: NAME says what it is for. Its holder is told of it."""
    new = NewToken(name, scopes, holder, timedelta(days=days))
    with desk.writing() as writing:
        token, secret = tokens.create(writing, new)
        fields = record(token) | {"token": secret}
    show_fields(fields["id"], fields, as_json)


@commands.command("revoke")
@click.argument("id_", metavar="ID")
@as_json_option
@pass_desk
def tokens_revoke(desk: Desk, id_: str, as_json: bool) -> None:
    """Make a token good for nothing from now on."""
    with desk.writing() as writing:
        fields = record(tokens.revoke(writing, id_))
    show_fields(fields["id"], fields, as_json)
