"""Commands about interfaces: guard one, and do not any more."""

import sys

import click

from control.cli.context import as_json_option, pass_config, pass_place
from control.cli.output import agent, print_json
from control.cli.rollout import confirm_option, say_token
from control.cli.stopping import Detaching
from control.commands.interfaces import Attach
from control.config import Config
from control.vocabulary import ATTACH_MODES


@click.command()
@click.argument("interface")
@click.option("--mode", type=click.Choice(ATTACH_MODES), default="auto", show_default=True)
@confirm_option
@click.option("--dry-run", is_flag=True, help="Say how it would stand, and attach nothing.")
@as_json_option
@pass_config
def attach(
    config: Config, interface: str, mode: str, confirm_within: float | None, dry_run: bool, as_json: bool
) -> None:
    """Guard INTERFACE from now on, after a restart too.

    In auto mode that is native where the driver can, and generic, which is slower by far, where it cannot. While
    anything is enforced, it is detached again unless that is confirmed.
    """
    order = Attach(interface=interface, mode=mode, confirm_within=confirm_within, dry_run=dry_run)
    state = agent(config).ask(order)
    if as_json:
        print_json(state)
        return
    click.echo(f"{interface}: would be attached" if dry_run else f"{interface}: attached in {state.mode} mode")
    for warning in state.warnings:
        click.echo(f"warning: {warning}", err=True)
    say_token(state.token)


@click.command()
@click.argument("interface", required=False)
@as_json_option
@pass_place
def detach(config: Config, interface: str | None, as_json: bool) -> None:
    """Stop guarding INTERFACE, or all of them, until somebody attaches them again.

    It takes the program off whatever the agent, the disk or the registry do. Without an agent and without INTERFACE,
    everything the instance has in the kernel is removed.
    """
    done = Detaching(config, interface).run()
    if as_json:
        print_json(done)
    else:
        click.echo(f"detached: {', '.join(done.detached) or 'nothing was attached'}")
        if done.removed:
            click.echo("program and lists are removed from the kernel")
        for fault in done.faults:
            click.echo(f"warning: {fault}", err=True)
    sys.exit(1 if done.incomplete else 0)
