"""wicket registry: the registry's database, on the machine that has it. It needs neither API nor agent."""

import os
from typing import TextIO

import click

from control.cli.context import ConfigFile
from control.cli.registry import (
    applications,
    audit,
    categories,
    edges,
    intents,
    jobs,
    overview,
    persons,
    providers,
    registrants,
    registrations,
    store,
    tokens,
)
from control.cli.registry.desk import TOKEN, Desk


@click.group()
@click.option(
    "--as",
    "who",
    envvar="WICKET_REGISTRY_AS",
    help="Act as a person, a provider or a registrant: the id, or a person's or a provider's name.",
)
@click.option(
    "--token-file",
    type=click.File(),
    help=f"Has the token of whoever --as names; else {TOKEN} has it, or it is asked for.",
)
@click.pass_context
def registry(ctx: click.Context, who: str | None, token_file: TextIO | None) -> None:
    """The registry: from an application to a live entry.

    Whoever works here is an operator, who enters officers, providers and tokens. What an officer decides or a
    provider confirms is done in their name with --as, which takes a token of theirs; the audit keeps both.
    """
    file: ConfigFile = ctx.obj
    token = token_file.read().strip() if token_file else os.environ.get(TOKEN)
    ctx.obj = desk = Desk(file, who, token)
    ctx.call_on_close(desk.close)


for command in (
    registrants.commands,
    providers.commands,
    persons.commands,
    persons.officers,
    tokens.commands,
    applications.commands,
    registrations.commands,
    intents.commands,
    edges.commands,
    overview.status,
    jobs.import_applications,
    jobs.export_subject,
    jobs.commands,
    audit.commands,
    categories.list_categories,
    store.upgrade,
    store.make_roles,
    store.write_backup,
    store.restore_backup,
):
    registry.add_command(command)
