"""What a benchmark says: tables for people, JSON lines for programs."""

import json
import os
import platform
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table as RichTable

Value = str | int | float | None


@dataclass(frozen=True, slots=True)
class Table:
    """Measurements of one kind.

    Attributes:
        title: what was measured.
        rows: each a measurement, by column; all have the same columns. The unit stands in the column's name.
        notes: what a reader must know to judge them.
    """

    title: str
    rows: Sequence[Mapping[str, Value]]
    notes: Sequence[str] = ()


def machine() -> Table:
    """Return what the figures were measured on, and how busy it was just then."""
    cpuinfo = Path("/proc/cpuinfo").read_text()
    model = next((line.split(":")[1].strip() for line in cpuinfo.splitlines() if line.startswith("model name")), "?")
    row: dict[str, Value] = {
        "processor": model,
        "cores": os.cpu_count(),
        "kernel": platform.release(),
        "load": round(os.getloadavg()[0], 2),
    }
    return Table("machine", [row])


def show(table: Table, console: Console) -> None:
    """Print a table for people."""
    grid = RichTable(title=table.title, title_justify="left", caption="\n".join(table.notes), caption_justify="left")
    for column in table.rows[0]:
        grid.add_column(column, justify="left" if isinstance(table.rows[0][column], str) else "right")
    for row in table.rows:
        grid.add_row(*(_text(value) for value in row.values()))
    console.print(grid)


def json_lines(bench: str, table: Table) -> Iterable[str]:
    """Return a JSON object for each row, with the benchmark and the table that it is from."""
    for row in table.rows:
        yield json.dumps({"bench": bench, "table": table.title, **row})


def _text(value: Value) -> str:
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:.3g}" if abs(value) < 100 else f"{value:,.0f}"
    return f"{value:,}" if isinstance(value, int) else value
