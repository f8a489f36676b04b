"""What click hands from the group to its commands: which configuration, and whether to answer in JSON.

The configuration is read when a command runs, and not before: by then its words are understood, so a refusal of the
configuration is said as the command was asked to answer, and of help no faulty file deprives anybody.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import update_wrapper
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

import click

from control import config as configuration
from control.config import Config

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

    def configured(*args: Arguments.args, **arguments: Arguments.kwargs) -> Returned:
        file = click.get_current_context().find_object(ConfigFile)
        assert file is not None  # the group is above every command
        return command(file.load(), *args, **arguments)

    return update_wrapper(configured, command)


def is_json_wanted(context: click.Context) -> bool:
    """Say whether the command that was called, as far as its words were read, has ``--json``."""
    return bool(context.meta.get(AS_JSON))


def _note(context: click.Context, _parameter: click.Parameter, as_json: bool) -> bool:
    context.meta[AS_JSON] = as_json
    return as_json


as_json_option: Callable[..., Any] = click.option(
    "--json", "as_json", is_flag=True, callback=_note, help="Answer in JSON."
)
