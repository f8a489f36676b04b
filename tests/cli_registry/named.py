"""The commands that the sources name to people: in mends, hints, help and descriptions."""

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

ROOT = Path(__file__).parents[2]
SOURCES = ("control", "api")

PLACE = "\0"
"""What stands for what is filled in when the text is made."""

BEHIND = re.compile(r"[`,;:()\"']|\.(?:\s|$)|\s(?:or|and|until|which|where|again)\s|$")
"""What ends a command that is not in backticks."""

NAMED = re.compile(r"(?<![\w/.-])wicket (?=[a-z-])")


@dataclass(frozen=True, order=True)
class Named:
    """A command where it is named.

    Attributes:
        words: behind ``wicket``; PLACE is for what is filled in.
        where: file and line.
    """

    words: tuple[str, ...]
    where: str


def named_commands() -> Iterator[Named]:
    """Yield every command that a text of the sources names."""
    for folder in SOURCES:
        for file in sorted((ROOT / folder).rglob("*.py")):
            for line, text in _texts(ast.parse(file.read_text())):
                for words in in_text(text):
                    yield Named(words, f"{file.relative_to(ROOT)}:{line}")


def in_text(text: str) -> Iterator[tuple[str, ...]]:
    """Yield the words of the commands that a text names, in backticks or not."""
    for found in NAMED.finditer(text):
        if text[: found.start()].endswith("`"):
            said = text[found.end() :].partition("`")[0]
        else:
            end = BEHIND.search(text, found.end())
            said = text[found.end() : end.start() if end else None]
        yield tuple(said.split())


def _texts(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield strings, and those that are filled in with PLACE where that happens; what joins others is one."""
    inside: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            inside |= {id(part) for part in node.values}
            parts = (part.value if isinstance(part, ast.Constant) else PLACE for part in node.values)
            yield node.lineno, "".join(map(str, parts))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in inside:
            yield node.lineno, node.value


def command_of(root: click.Command, words: Sequence[str]) -> tuple[tuple[str, ...], list[str]]:
    """Return the path of a command in the tree, and the words that are left for it.

    Raises:
        click.UsageError: there is no such command, or no such option on the way to it.
    """
    command, path, left = root, list[str](), list(words)
    while isinstance(command, click.Group) and left:
        context = click.Context(command)
        options = {name: option for option in command.params for name in option.opts}
        if left[0].startswith("-"):
            option = options.get(left[0])
            if option is None:
                raise click.NoSuchOption(left[0], ctx=context)
            left = left[1 if getattr(option, "is_flag", False) else 2 :]
            continue
        found = command.get_command(context, left[0])
        if found is None:
            raise click.UsageError(f"no such command: {' '.join([*path, left[0]])}")
        command, path, left = found, [*path, left[0]], left[1:]
    _, more, _ = command.make_parser(click.Context(command)).parse_args(list(left))
    if more:
        raise click.UsageError(f"{' '.join(path)} takes no {' '.join(more)}")
    return tuple(path), left
