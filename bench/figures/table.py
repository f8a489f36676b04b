"""All figures of a run as a table for people."""

from rich.console import Console
from rich.table import Table

from bench.figures.record import Record


def show(record: Record, console: Console) -> None:
    """Print machine, versions and every figure."""
    told = record.machine | record.versions
    words = {name: " ".join(value.values()) if isinstance(value, dict) else value for name, value in told.items()}
    console.print(" · ".join(f"{name} {value}" for name, value in words.items() if value), highlight=False)
    grid = Table("figure", "unit")
    for column in ("min", "median", "max"):
        grid.add_column(column, justify="right")
    for name, figure in record.figures.items():
        grid.add_row(name, figure.unit, *(f"{value:,.4g}" for value in (figure.min, figure.median, figure.max)))
    console.print(grid)
