"""wicket registry: the registry's database, on the machine that has it. It needs neither API nor agent."""

import click

from control.cli.context import ConfigFile
from control.cli.registry import (
    applications,
    audit,
    categories,
    edges,
    intents,
    jobs,
    officers,
    overview,
    providers,
    registrants,
    registrations,
    store,
    tokens,
)
from control.cli.registry.desk import Desk


@click.group()
@click.option(
    "--as",
    "who",
    envvar="WICKET_REGISTRY_AS",
    help="Act as an officer, a provider or a registrant: the id, or an officer's or a provider's name.",
)
@click.pass_context
def registry(ctx: click.Context, who: str | None) -> None:
    """The registry: from an application to a live entry.

    Whoever works here is an operator, who enters officers, providers and tokens. What an officer decides or a
    provider confirms is done in their name with --as; the audit keeps both.
    """
    file: ConfigFile = ctx.obj
    ctx.obj = desk = Desk(file, who)
    ctx.call_on_close(desk.close)


for command in (
    registrants.commands,
    providers.commands,
    officers.commands,
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
    store.write_backup,
    store.restore_backup,
):
    registry.add_command(command)
