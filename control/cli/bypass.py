"""Commands of the brake: stop all dropping at once, whatever else is broken."""

import sys

import click

from control.cli import stopping
from control.cli.context import as_json_option, pass_place
from control.cli.output import print_json
from control.commands.bypass import BypassState
from control.config import Config


@click.group()
def bypass() -> None:
    """The brake: while it is on, nothing is dropped, whatever the policies say."""


@bypass.command("on")
@as_json_option
@pass_place
def bypass_on(config: Config, as_json: bool) -> None:
    """Stop all dropping at once, until somebody says `off`.

    It is written into the kernel: it needs no agent, API, registry or disk, and no start of any of them undoes it.
    """
    _say(stopping.pull(config), as_json)


@bypass.command("off")
@as_json_option
@pass_place
def bypass_off(config: Config, as_json: bool) -> None:
    """Let the policies decide again."""
    _say(stopping.release(config), as_json)


@bypass.command("status")
@as_json_option
@pass_place
def bypass_status(config: Config, as_json: bool) -> None:
    """Say whether the brake is on, as the kernel has it; the status is 1 when it is."""
    state = stopping.state(config)
    _say(state, as_json)
    sys.exit(1 if state.on else 0)


def _say(state: BypassState, as_json: bool) -> None:
    if as_json:
        print_json(state)
        return
    click.echo(f"bypass is on, by {' and '.join(state.by)}: nothing is dropped" if state.on else "bypass is off")
    if state.not_kept:
        click.echo(f"done in the kernel; not kept: {state.not_kept}", err=True)
