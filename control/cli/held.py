"""Commands about what is held: entries that stay live although the feed's list has them no more."""

import click

from control.cli import kernel
from control.cli.context import as_json_option, pass_config
from control.cli.output import agent, print_json
from control.commands.held import ReadHeld, ReleaseHeld
from control.config import Config


@click.group()
def held() -> None:
    """What stays live although the feed's list has it no more."""


@held.command("list")
@as_json_option
@pass_config
def held_list(config: Config, as_json: bool) -> None:
    """Show the entries that are held."""
    state = agent(config, kernel.PATIENCE).ask(ReadHeld())
    if as_json:
        print_json(state)
        return
    for prefix in state.prefixes:
        click.echo(prefix)
    if state.count > len(state.prefixes):
        click.echo(f"and {state.count - len(state.prefixes):,} more", err=True)
    if not state.count:
        click.echo("nothing is held", err=True)


@held.command("release")
@as_json_option
@pass_config
def held_release(config: Config, as_json: bool) -> None:
    """Have what is held removed, or narrowed, as the feed has it.

    Look at it before, with `held list`: who is among it and still registered is cut.
    """
    done = agent(config).ask(ReleaseHeld())
    if as_json:
        print_json(done)
        return
    click.echo(f"{done.released:,} entries are as the feed has them; {done.removed_in_use:,} of them were in use")
