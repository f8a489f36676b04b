"""Commands about registrants, providers, officers and tokens."""

from datetime import timedelta

import click

from control.cli.context import as_json_option
from control.cli.registry import forms
from control.cli.registry.desk import Desk, pass_desk
from control.cli.registry.forms import filled_in
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
from control.registry.access import tokens as tokens_
from control.registry.access.actor import SCOPES
from control.registry.access.tokens import NewToken
from control.registry.parties import bodies
from control.registry.parties import registrants as registrants_
from control.registry.parties.bodies import OfficerNew, ProviderText
from control.registry.parties.registrants import RegistrantNew, RegistrantText
from control.registry.store import rows
from control.registry.store.model import Officer, Provider, Registrant, Token


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
        found = page(session, wanted, after, limit, each_by(registrants_.record))
    show_rows("registrants", ("id", *registrants_.FIELDS), found, as_json)


@registrants.command("show")
@click.argument("id_", metavar="ID")
@as_json_option
@pass_desk
def registrants_show(desk: Desk, id_: str, as_json: bool) -> None:
    """Show one registrant."""
    with desk.reading("registrant.read") as session:
        found = registrants_.record(rows.find(session, desk.actor, Registrant, id_))
    show_fields(found["id"], found, as_json)


@registrants.command("add")
@filled_in(RegistrantNew, registrants_.FIELDS)
@as_json_option
@pass_desk
def registrants_add(desk: Desk, /, as_json: bool, **said: str | None) -> None:
    """Enter a registrant; it takes an officer."""
    new = forms.read(RegistrantNew, said)
    with desk.writing() as writing:
        found = registrants_.record(registrants_.create(writing, new))
    show_fields(found["id"], found, as_json)


@registrants.command("edit")
@click.argument("id_", metavar="ID")
@filled_in(RegistrantText, tuple(RegistrantText.model_fields), edits=True)
@as_json_option
@pass_desk
def registrants_edit(desk: Desk, /, id_: str, as_json: bool, **said: str | None) -> None:
    """Change what is given of a registrant."""
    edited = forms.read_edit(RegistrantText, said)
    with desk.writing() as writing:
        found = registrants_.record(registrants_.edit(writing, id_, None, edited))
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
        found = page(session, sight.select_visible(desk.actor, Provider), records=each_by(bodies.provider_record))
    show_rows("providers", ("id", *ProviderText.model_fields), found, as_json)


@providers.command("add")
@filled_in(ProviderText, tuple(ProviderText.model_fields))
@as_json_option
@pass_desk
def providers_add(desk: Desk, /, as_json: bool, **said: str | None) -> None:
    """Enter a provider."""
    new = forms.read(ProviderText, said)
    with desk.writing() as writing:
        found = bodies.provider_record(bodies.create_provider(writing, new))
    show_fields(found["id"], found, as_json)


@providers.command("edit")
@click.argument("id_", metavar="ID")
@filled_in(ProviderText, tuple(ProviderText.model_fields), edits=True)
@as_json_option
@pass_desk
def providers_edit(desk: Desk, /, id_: str, as_json: bool, **said: str | None) -> None:
    """Change what is given of a provider."""
    edited = forms.read_edit(ProviderText, said)
    with desk.writing() as writing:
        found = bodies.provider_record(bodies.edit_provider(writing, id_, None, edited))
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
        found = page(session, sight.select_visible(desk.actor, Officer), records=each_by(bodies.officer_record))
    show_rows("officers", ("id", *OfficerNew.model_fields), found, as_json)


@officers.command("add")
@filled_in(OfficerNew, tuple(OfficerNew.model_fields))
@as_json_option
@pass_desk
def officers_add(desk: Desk, /, as_json: bool, **said: str | None) -> None:
    """Enter an officer."""
    new = forms.read(OfficerNew, said)
    with desk.writing() as writing:
        found = bodies.officer_record(bodies.create_officer(writing, new))
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
