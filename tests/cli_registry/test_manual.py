"""The manual has every command."""

from collections.abc import Iterator
from pathlib import Path

import click

from control.cli.registry import registry
from control.registry.intake.text import COLUMNS

MANUAL = (Path(__file__).parents[2] / "docs" / "registry-cli.md").read_text()


def commands(group: click.Group, *words: str) -> Iterator[tuple[str, click.Command]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, *words, name)
        else:
            yield " ".join([*words, name]), command


def test_every_command_is_in_the_manual_takes_json_and_says_what_it_does() -> None:
    named = dict(commands(registry))
    assert len(named) > 40
    assert [name for name in named if f"`{name}" not in MANUAL] == []
    assert [name for name, command in named.items() if not command.help] == []
    takes_json = {name for name, command in named.items() if "as_json" in {each.name for each in command.params}}
    assert set(named) - takes_json == set()


def test_the_columns_of_a_file_are_in_the_manual() -> None:
    table = MANUAL.partition("| column |")[2].partition("\n\n")[0]
    cells = [line.split("|")[1] for line in table.splitlines()[2:]]
    assert [name.strip("` ") for cell in cells for name in cell.split(",")] == list(COLUMNS)
