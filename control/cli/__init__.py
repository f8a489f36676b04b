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
    "bypass": "bypass",
    "confirm": "rollout",
    "counters": "status",
    "detach": "interfaces",
    "doctor": "doctor",
    "events": "events",
    "explain": "explain",
    "held": "held",
    "heads": "heads",
    "history": "history",
    "policy": "policy",
    "registry": "registry",
    "replay": "replay",
    "rollback": "history",
    "rollout": "rollout",
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
            as_json = is_json_wanted(ctx)
            refuse(refused, as_json=as_json)
            if not as_json and (hint := _way_out(ctx)):
                click.echo(hint, err=True)
            sys.exit(1)


def _way_out(ctx: click.Context) -> str | None:
    """Return how to stop dropping now, for whoever is refused something while packets are dropped."""
    file = ctx.find_object(ConfigFile)
    try:
        config = file.load() if file else None
    except Refused:
        return None
    if config is None or not _may_be(config.pins):
        return None
    from control.cli.kernel import is_dropping

    named = f" --config {file.path}" if file and file.path else ""
    return f"to stop all dropping now: wicket{named} bypass on" if is_dropping(config) is not False else None


def _may_be(directory: Path) -> bool:
    """Say whether a directory is there, or hidden from this user."""
    try:
        return directory.is_dir()
    except PermissionError:
        return True


@click.group(cls=Refusing, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--config", "path", type=click.Path(path_type=Path), help="Configuration file.")
@click.version_option(package_name="wicketgate")
@click.pass_context
def main(ctx: click.Context, path: Path | None) -> None:
    """Keep registered VPN traffic flowing: the command line of a Wicketgate edge."""
    ctx.obj = ConfigFile(path)
