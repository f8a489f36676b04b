"""How the commands show things: tables for people, JSON for programs."""

import json
import sys
from collections.abc import Iterable, Sequence

import click
from pydantic import BaseModel
from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table

from control.commands.client import AgentSocket
from control.config import Config
from control.fault import Refused
from control.rollout.origin import Door


def agent(config: Config, patience: float | None = None) -> AgentSocket:
    """Return the way to the agent of this instance, which is waited for so many seconds, or as long as is usual."""
    if patience is None:
        return AgentSocket(config.socket, Door.COMMAND)
    return AgentSocket(config.socket, Door.COMMAND, patience)


def print_json(value: object) -> None:
    """Print one JSON document: what the agent replied, or JSON types."""
    plain = value.model_dump(mode="json") if isinstance(value, BaseModel) else value
    click.echo(json.dumps(plain, indent=2))


def print_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]], *, err: bool = False) -> None:
    """Print a table under its title, or say it on standard error; numbers stand to the right."""
    kept = [[_text(cell) for cell in row] for row in rows]
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=any(columns), header_style="bold")
    for place, name in enumerate(columns):
        numeric = bool(kept) and all(row[place].replace(",", "").isdigit() for row in kept)
        table.add_column(name, justify="right" if numeric else "left", overflow="fold")
    for row in kept:
        table.add_row(*(escape(cell) for cell in row))
    is_terminal = (sys.stderr if err else sys.stdout).isatty()
    console = Console(width=None if is_terminal else 120, highlight=False, stderr=err)
    console.print(escape(title))
    console.print(Padding(table, (0, 0, 0, 2)))


def refuse(refused: Refused, *, as_json: bool) -> None:
    """Say a refusal on standard error."""
    click.echo(json.dumps(refused.to_dict()) if as_json else f"wicket: {refused}", err=True)


def _text(cell: object) -> str:
    if cell is None:
        return "-"
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    return f"{cell:,}" if isinstance(cell, int) else str(cell)
