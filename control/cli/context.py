"""What click hands from the group to its commands: which configuration, and whether to answer in JSON.

The configuration is read when a command runs, and not before: by then its words are understood, so a refusal of the
configuration is said as the command was asked to answer, and of help no faulty file deprives anybody.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import update_wrapper
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

import click

from control import config as configuration
from control.config import Config
from control.edge.state.stops import Stops
from control.fault import Refused

BRAKE = "bypass"
"""The group of commands that say so themselves."""

AS_JSON = f"{__name__}.as_json"
"""Key in ``Context.meta``, which a context shares with those inside it."""

Arguments = ParamSpec("Arguments")
Returned = TypeVar("Returned")


@dataclass(frozen=True, slots=True)
class ConfigFile:
    """The configuration that the commands are to work with.

    Attributes:
        path: of the file; none for the usual one.
    """

    path: Path | None

    def load(self, *, for_api: bool = False) -> Config:
        """Read it; ``for_api`` as ``configuration.load`` has it.

        Raises:
            Refused: "bad-configuration".
        """
        return configuration.load(self.path, for_api=for_api)


def pass_config(
    command: Callable[Concatenate[Config, Arguments], Returned],
) -> Callable[Arguments, Returned]:
    """Hand a command of the edge its configuration."""
    return _handed(command, ConfigFile.load)


def pass_place(
    command: Callable[Concatenate[Config, Arguments], Returned],
) -> Callable[Arguments, Returned]:
    """Hand a command that stops dropping its configuration, and where that has a fault what tells where things are."""
    return _handed(command, _loaded_or_salvaged)


def _handed(
    command: Callable[Concatenate[Config, Arguments], Returned], load: Callable[[ConfigFile], Config]
) -> Callable[Arguments, Returned]:
    def configured(*args: Arguments.args, **arguments: Arguments.kwargs) -> Returned:
        context = click.get_current_context()
        file = context.find_object(ConfigFile)
        assert file is not None  # the group is above every command
        config = load(file)
        _shout(config, context)
        return command(config, *args, **arguments)

    return update_wrapper(configured, command)


def _loaded_or_salvaged(file: ConfigFile) -> Config:
    try:
        return file.load()
    except Refused as refused:
        try:
            config = configuration.salvaged(file.path)
        except Refused:
            raise refused from None
        click.echo(f"warning: {refused.faults[0]}; going by the instance {config.instance} at {config.bpffs}", err=True)
        return config


def _shout(config: Config, context: click.Context) -> None:
    """Say that the brake is on, whatever the command, so that nobody forgets it: by its notes, which cost nothing."""
    by = Stops(config.pins, config.state_dir).braked_by(config.bypass_path)
    if by and BRAKE not in context.command_path.split():
        click.echo(shouted(by), err=True)


def shouted(by: Sequence[str]) -> str:
    """Return the line that says that the brake is on, and by whom."""
    return f"BYPASS IS ON, by {' and '.join(by)}: nothing is dropped; `wicket bypass off` ends it"


def is_json_wanted(context: click.Context) -> bool:
    """Say whether the command that was called, as far as its words were read, has ``--json``."""
    return bool(context.meta.get(AS_JSON))


def _note(context: click.Context, _parameter: click.Parameter, as_json: bool) -> bool:
    context.meta[AS_JSON] = as_json
    return as_json


as_json_option: Callable[..., Any] = click.option(
    "--json", "as_json", is_flag=True, callback=_note, help="Answer in JSON."
)
