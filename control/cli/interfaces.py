"""Commands about interfaces: guard one, and do not any more."""

import click

from control.cli.context import as_json_option, pass_config
from control.cli.output import agent, print_json
from control.commands.interfaces import Attach, Detach
from control.config import Config
from control.fault import Kind, Refused
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
@pass_config
def detach(config: Config, interface: str | None, as_json: bool) -> None:
    """Stop guarding INTERFACE, or all of them.

    This alone takes the program off an interface; stopping the agent does not. Without an agent and without
    INTERFACE, everything the instance has in the kernel is removed.
    """
    try:
        detached, removed = agent(config).ask(Detach(interface=interface)).detached, False
    except Refused as refused:
        if refused.kind != Kind.UNAVAILABLE:
            raise
        detached, removed = _detach_without_agent(config, interface)
    if as_json:
        print_json({"detached": detached, "removed": removed})
        return
    click.echo(f"detached: {', '.join(detached) or 'nothing was attached'}")
    if removed:
        click.echo("program and lists are removed from the kernel")


def _detach_without_agent(config: Config, interface: str | None) -> tuple[list[str], bool]:
    from control.datapath import datapath

    if interface is None:
        return datapath.remove(config.pins), True
    return datapath.detach(config.pins, interface), False
