"""docs/cli.md and docs/agent.md held against the commands and the verbs."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
from pydantic import BaseModel

from control.cli import main
from control.commands.catalogue import REQUESTS
from control.commands.request import Order
from manual.commands import commands

DOCS = Path(__file__).resolve().parents[2] / "docs"


def sections(name: str, mark: str) -> dict[str, str]:
    """The text of each section by its heading."""
    parts = re.split(rf"^{mark} (.+)$", (DOCS / name).read_text(), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def of_the_edge() -> Iterator[tuple[str, click.Command]]:
    """The commands without those of `wicket registry`, which have a document of their own."""
    for name, command in commands(main, "wicket"):
        is_command = not isinstance(command, click.Group) or command.invoke_without_command
        if is_command and not name.startswith("wicket registry "):
            yield name, command


COMMANDS, CLI, AGENT = dict(of_the_edge()), sections("cli.md", "##"), sections("agent.md", "###")


def test_every_command_has_its_section_and_no_other() -> None:
    assert list(CLI) and set(CLI) == set(COMMANDS)


def words(parameter: click.Parameter) -> list[str]:
    """What a command's section must say of a parameter."""
    if isinstance(parameter, click.Option):
        return [f"`{option}`" for option in parameter.opts if option != "--json"]
    return [str(parameter.name).upper()] if parameter.required else []


def test_every_option_and_argument_is_named() -> None:
    wanted = [(name, word) for name, command in COMMANDS.items() for each in command.params for word in words(each)]
    assert [(name, word) for name, word in wanted if word not in CLI[name]] == []


def test_every_command_answers_in_json() -> None:
    for name, command in COMMANDS.items():
        assert any("--json" in parameter.opts for parameter in command.params), name


def test_every_verb_has_its_section_and_no_other() -> None:
    assert list(AGENT) == sorted(REQUESTS)


def members(model: type[BaseModel]) -> set[str]:
    """The members of a model and of the models in it, as JSON names them."""
    schema = model.model_json_schema(mode="serialization")
    return {name for part in (schema, *schema.get("$defs", {}).values()) for name in part.get("properties", {})}


def test_every_argument_and_every_member_of_a_reply_is_named() -> None:
    of_every_order = set(Order.model_fields)
    missing = [
        f"{verb}: {name}"
        for verb, request in REQUESTS.items()
        for name in (members(request) - of_every_order) | members(request.reply)
        if f"`{name}`" not in AGENT[verb]
    ]
    assert missing == []
    assert all(f"`{name}`" in (DOCS / "agent.md").read_text() for name in of_every_order)


def test_an_edge_command_starts_without_what_it_does_not_use() -> None:
    """Half of its time would go into reading libraries; on an edge that is looked at in a loop, that is much."""
    heavy = ("numpy", "pyroute2", "sqlalchemy", "structlog")
    code = f"import sys, control.cli, control.cli.status; print(*sys.modules.keys() & {set(heavy)})"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.split() == []
