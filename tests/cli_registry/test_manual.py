"""The manual has every command."""

from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from control.cli.registry import registry
from control.registry.intake.text import COLUMNS

MANUAL = (Path(__file__).parents[2] / "docs" / "registry-cli.md").read_text()


def commands(group: click.Group, *words: str) -> Iterator[tuple[str, click.Command]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, *words, name)
        else:
            yield " ".join([*words, name]), command


@pytest.mark.parametrize(("name", "command"), list(commands(registry)), ids=lambda value: str(value))
def test_a_command_is_in_the_manual_takes_json_and_says_what_it_does(name: str, command: click.Command) -> None:
    assert f"`{name}" in MANUAL
    assert command.help
    assert "as_json" in {parameter.name for parameter in command.params}


def test_the_columns_of_a_file_are_in_the_manual() -> None:
    table = MANUAL.partition("| column |")[2].partition("\n\n")[0]
    cells = [line.split("|")[1] for line in table.splitlines()[2:]]
    assert [name.strip("` ") for cell in cells for name in cell.split(",")] == list(COLUMNS)
