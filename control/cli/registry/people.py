"""Commands about registrants, providers, officers and tokens."""

from datetime import timedelta
from typing import Any

import click

from control.cli.context import as_json_option
from control.cli.registry.desk import Desk, pass_desk
from control.cli.registry.showing import after_option, limit_option, page, record, show_fields, show_row, show_rows
from control.registry.access import sight
from control.registry.access import tokens as tokens_
from control.registry.access.actor import SCOPES
from control.registry.access.tokens import NewToken
from control.registry.parties import bodies
from control.registry.parties import registrants as registrants_
from control.registry.parties.registrants import NewRegistrant
from control.registry.store import rows
from control.registry.store.model import Officer, Provider, Registrant, Token

CONTACT_HELP = "A contact's name, mail and telephone; each may be left out."

contact_options = (
    click.option("--contact", help=CONTACT_HELP),
    click.option("--email"),
    click.option("--phone"),
)


def _with_contact(command: Any) -> Any:
    for option in reversed(contact_options):
        command = option(command)
    return command


def _contacts(contact: str | None, email: str | None, phone: str | None) -> tuple[dict[str, str], ...]:
    said = {name: value for name, value in (("name", contact), ("email", email), ("phone", phone)) if value}
    return (said,) if said else ()


@click.group()
def registrants() -> None:
    """Organisations and individuals who register addresses."""


@registrants.command("list")
@click.option("--name", help="Only those whose name begins so.")
@after_option
@limit_option
@as_json_option
@pass_desk
def registrants_list(desk: Desk, name: str | None, after: str, limit: int, as_json: bool) -> None:
    """List registrants."""
    wanted = sight.select_visible(desk.actor, Registrant)
    if name:
        wanted = wanted.where(Registrant.name.istartswith(name, autoescape=True))
    with desk.reading("registrant.read") as session:
        found = page(session, wanted, after, limit)
    show_rows("registrants", ("id", "kind", "name", "reference", "contacts"), found, as_json)


@registrants.command("show")
@click.argument("id_", metavar="ID")
@as_json_option
@pass_desk
def registrants_show(desk: Desk, id_: str, as_json: bool) -> None:
    """Show one registrant."""
    with desk.reading("registrant.read") as session:
        show_row(rows.find(session, desk.actor, Registrant, id_), as_json)


@registrants.command("add")
@click.argument("kind", type=click.Choice(["organisation", "individual"]))
@click.argument("name")
@click.option("--reference", help="The name under which whoever imports it knows it, such as a member's number.")
@_with_contact
@as_json_option
@pass_desk
def registrants_add(
    desk: Desk, /, kind: Any, name: str, reference: str | None, as_json: bool, **contact: str | None
) -> None:
    """Enter a registrant; it takes an officer."""
    with desk.writing() as writing:
        new = NewRegistrant(kind, name, reference, _contacts(**contact))
        found = record(registrants_.create(writing, new))
    show_fields(found["id"], found, as_json)


@registrants.command("edit")
@click.argument("id_", metavar="ID")
@click.option("--name")
@click.option("--reference")
@_with_contact
@as_json_option
@pass_desk
def registrants_edit(
    desk: Desk, /, id_: str, name: str | None, reference: str | None, as_json: bool, **contact: str | None
) -> None:
    """Change what is given of a registrant."""
    said = {"name": name, "reference": reference, "contacts": list(_contacts(**contact)) or None}
    with desk.writing() as writing:
        values = {field: value for field, value in said.items() if value is not None}
        found = record(registrants_.edit(writing, id_, None, values))
    show_fields(found["id"], found, as_json)


@click.group()
def providers() -> None:
    """Internet providers, who confirm that an address is the applicant's."""


@providers.command("list")
@as_json_option
@pass_desk
def providers_list(desk: Desk, as_json: bool) -> None:
    """List the providers."""
    with desk.reading("provider.read") as session:
        found = page(session, sight.select_visible(desk.actor, Provider))
    show_rows("providers", ("id", "name", "contacts"), found, as_json)


@providers.command("add")
@click.argument("name")
@_with_contact
@as_json_option
@pass_desk
def providers_add(desk: Desk, /, name: str, as_json: bool, **contact: str | None) -> None:
    """Enter a provider."""
    with desk.writing() as writing:
        found = record(bodies.create_provider(writing, name, _contacts(**contact)))
    show_fields(found["id"], found, as_json)


@providers.command("edit")
@click.argument("id_", metavar="ID")
@click.option("--name")
@_with_contact
@as_json_option
@pass_desk
def providers_edit(desk: Desk, /, id_: str, name: str | None, as_json: bool, **contact: str | None) -> None:
    """Change what is given of a provider."""
    with desk.writing() as writing:
        found = record(bodies.edit_provider(writing, id_, None, name, _contacts(**contact) or None))
    show_fields(found["id"], found, as_json)


@click.group()
def officers() -> None:
    """Those who decide for the regulator."""


@officers.command("list")
@as_json_option
@pass_desk
def officers_list(desk: Desk, as_json: bool) -> None:
    """List the officers."""
    with desk.reading("officer.read") as session:
        found = page(session, sight.select_visible(desk.actor, Officer))
    show_rows("officers", ("id", "name"), found, as_json)


@officers.command("add")
@click.argument("name")
@as_json_option
@pass_desk
def officers_add(desk: Desk, name: str, as_json: bool) -> None:
    """Enter an officer."""
    with desk.writing() as writing:
        found = record(bodies.create_officer(writing, name))
    show_fields(found["id"], found, as_json)


@click.group()
def tokens() -> None:
    """Bearer tokens for the API."""


@tokens.command("list")
@click.option("--holder", help="Only those of this holder.")
@as_json_option
@pass_desk
def tokens_list(desk: Desk, holder: str | None, as_json: bool) -> None:
    """List the tokens, never the secrets."""
    wanted = sight.select_visible(desk.actor, Token)
    if holder:
        wanted = wanted.where(Token.holder == holder)
    with desk.reading("token.read") as session:
        found = page(session, wanted)
    columns = ("id", "name", "scopes", "holder", "expires_at", "revoked_at", "used_at")
    show_rows("tokens", columns, found, as_json)


@tokens.command("create")
@click.argument("name")
@click.option("--scope", "scopes", multiple=True, required=True, type=click.Choice(SCOPES), help="Repeatable.")
@click.option("--holder", help="Who it is for: an officer's id for the scope officer; by default NAME.")
@click.option("--registrant", help="Whose objects it is for, with the scope registrant.")
@click.option("--provider", help="Whose queue it is for, with the scope provider.")
@click.option("--days", type=click.IntRange(1, tokens_.LONGEST.days), default=90, show_default=True)
@as_json_option
@pass_desk
def tokens_create(
    desk: Desk,
    name: str,
    scopes: tuple[str, ...],
    holder: str | None,
    registrant: str | None,
    provider: str | None,
    days: int,
    as_json: bool,
) -> None:
    """Make a token and show it this once: NAME says what it is for."""
    new = NewToken(name, scopes, holder or name, timedelta(days=days), registrant, provider)
    with desk.writing() as writing:
        made, secret = tokens_.create(writing, new)
        found = record(made) | {"token": secret}
    show_fields(found["id"], found, as_json)


@tokens.command("revoke")
@click.argument("id_", metavar="ID")
@as_json_option
@pass_desk
def tokens_revoke(desk: Desk, id_: str, as_json: bool) -> None:
    """Make a token good for nothing from now on."""
    with desk.writing() as writing:
        found = record(tokens_.revoke(writing, id_))
    show_fields(found["id"], found, as_json)
