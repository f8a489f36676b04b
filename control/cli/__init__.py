"""wicket, the command line of an edge. It works with no registry, no DNS and no API: it talks to the agent's socket."""

import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from control.cli.context import ConfigFile, is_json_wanted
from control.cli.output import refuse
from control.fault import Refused

COMMANDS = {
    "allow": "allow",
    "attach": "interfaces",
    "counters": "status",
    "detach": "interfaces",
    "doctor": "doctor",
    "events": "events",
    "explain": "explain",
    "policy": "policy",
    "registry": "registry",
    "replay": "replay",
    "status": "status",
}
"""Which module here has a command; it is read when asked for, since most need neither database nor kernel."""


class Refusing(click.Group):
    """A group whose commands may refuse: said on standard error, as JSON where that was asked for, with status 1."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the commands."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command of a name."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = getattr(import_module(f"{__name__}.{COMMANDS[cmd_name]}"), cmd_name)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except Refused as refused:
            refuse(refused, as_json=is_json_wanted(ctx))
            sys.exit(1)


@click.group(cls=Refusing, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--config", "path", type=click.Path(path_type=Path), help="Configuration file.")
@click.version_option(package_name="wicketgate")
@click.pass_context
def main(ctx: click.Context, path: Path | None) -> None:
    """Keep registered VPN traffic flowing: the command line of a Wicketgate edge."""
    ctx.obj = ConfigFile(path)
