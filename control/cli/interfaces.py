"""Commands about interfaces: guard one, and do not any more."""

import sys

import click

from control.cli.context import as_json_option, pass_config, pass_place
from control.cli.output import agent, print_json
from control.cli.stopping import Detaching
from control.commands.interfaces import Attach
from control.config import Config
from control.vocabulary import ATTACH_MODES


@click.command()
@click.argument("interface")
@click.option("--mode", type=click.Choice(ATTACH_MODES), default="auto", show_default=True)
@as_json_option
@pass_config
def attach(config: Config, interface: str, mode: str, as_json: bool) -> None:
    """Guard INTERFACE from now on, after a restart too.

    In auto mode that is native where the driver can, and generic, which is slower by far, where it cannot.
    """
    state = agent(config).ask(Attach(interface=interface, mode=mode))
    if as_json:
        print_json(state)
        return
    click.echo(f"{interface}: attached in {state.mode} mode")
    for warning in state.warnings:
        click.echo(f"warning: {warning}", err=True)


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
