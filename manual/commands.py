"""What a command takes, from click's own definition of it."""

import inspect
from collections.abc import Iterator

import click

from manual import roff


def commands(command: click.Command, name: str) -> Iterator[tuple[str, click.Command]]:
    """Return a command and all those below it in order, each with its whole name."""
    yield name, command
    if isinstance(command, click.Group):
        context = click.Context(command, info_name=name)
        for each in command.list_commands(context):
            below = command.get_command(context, each)
            if below and not below.hidden:
                yield from commands(below, f"{name} {each}")


def synopsis(name: str, command: click.Command) -> str:
    """Return how a command is written."""
    words = command.collect_usage_pieces(click.Context(command, info_name=name))
    return f".PP\n\\fB{roff.escape(name)}\\fR {roff.escape(' '.join(words))}\n"


def description(command: click.Command) -> str:
    """Return what a command does, in its own words."""
    return roff.prose(inspect.cleandoc(command.help or ""))


def options(name: str, command: click.Command) -> str:
    """Return a command's options, each with what it is for."""
    context = click.Context(command, info_name=name)
    records = [each.get_help_record(context) for each in command.get_params(context) if isinstance(each, click.Option)]
    return roff.tagged(record for record in records if record)


def subcommands(name: str, command: click.Command) -> str:
    """Return a subsection for each command below one; a group among them has the commands' common options."""
    return "".join(
        roff.subsection(each) + synopsis(each, below) + description(below) + options(each, below)
        for each, below in commands(command, name)
        if below is not command
    )
