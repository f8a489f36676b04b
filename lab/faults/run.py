"""`make faults`: everything that is known to go wrong at an edge, a row each, with registered traffic across it.

usage: python -m lab.faults.run [--json FILE] [NAME …]
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from lab.faults.row import Outcome, measure
from lab.faults.rows import ROWS
from lab.faults.site import site

_out = Console(width=None if sys.stdout.isatty() else 160)


@click.command()
@click.argument("names", nargs=-1)
@click.option("--json", "file", type=click.Path(path_type=Path), default=Path("build/faults.json"), show_default=True)
def main(names: tuple[str, ...], file: Path) -> None:
    """Let the rows of NAMES happen, or all, and say what was lost; the status is 1 when a row is not as it must be."""
    chosen = [row for row in ROWS if not names or f"{row.name}/{row.brake}".startswith(names)]
    outcomes: list[Outcome] = []
    with site() as here:
        for number, row in enumerate(chosen, 1):
            outcomes.append(measure(here, row))
            _progress(number, len(chosen), outcomes[-1])
            _write(file, outcomes)
    _table(outcomes)
    sys.exit(0 if all(outcome.as_it_must_be for outcome in outcomes) else 1)


def _progress(number: int, of: int, outcome: Outcome) -> None:
    well = "" if outcome.as_it_must_be else ": NOT AS IT MUST BE"
    lost = f"{outcome.lost} of {outcome.sent} lost, brake {outcome.brake_s:.2f} s"
    click.echo(f"{number}/{of} {outcome.fault}: {lost}{well}", err=True)


def _write(file: Path, outcomes: list[Outcome]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"faults": [asdict(outcome) for outcome in outcomes]}, indent=1))


def _table(outcomes: list[Outcome]) -> None:
    table = Table("fault", "sent", "lost", "brake, s", "what the operator was told", box=None)
    for outcome in outcomes:
        told = " / ".join(line.strip() for line in outcome.told.splitlines()[:3])
        table.add_row(outcome.fault, f"{outcome.sent:,}", str(outcome.lost), f"{outcome.brake_s:.2f}", told)
    _out.print(table)
    bad = sum(not outcome.as_it_must_be for outcome in outcomes)
    sent, lost = sum(outcome.sent for outcome in outcomes), sum(outcome.lost for outcome in outcomes)
    _out.print(f"{len(outcomes)} rows, {bad} not as they must be; {sent:,} questions, {lost} lost")


if __name__ == "__main__":
    main()
