"""`make routers`: what two routers say to each other while the gateway on one of them enforces everything.

usage: python -m lab.routers.run [--json FILE]
"""

from __future__ import annotations

import contextlib
import json
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from lab.command import run
from lab.routers.adjacencies import amiss
from lab.routers.lab import lab
from lab.routers.outcome import Outcome, by_hand, by_the_daemons
from lab.routers.routers import OFTEN, SELDOM

_out = Console(width=None if sys.stdout.isatty() else 160)


@click.command()
@click.option("--json", "file", type=click.Path(path_type=Path), default=Path("build/routers.json"), show_default=True)
def main(file: Path) -> None:
    """Have the routers talk, and say what was lost; the status is 1 when anything is not as it must be."""
    with _bpffs() as bpffs, lab(bpffs) as here:
        here.routers.settle()
        here.routers.hear(OFTEN, 5)
        here.routers.hear(SELDOM, 1)
        stand, outcomes = here.routers.stand(), [*by_the_daemons(here), *by_hand(here)]
    file.parent.mkdir(parents=True, exist_ok=True)
    rows = [asdict(outcome) for outcome in outcomes]
    file.write_text(json.dumps({"adjacencies": stand, "packets": rows}, indent=1))
    _print(stand, outcomes)
    sys.exit(0 if not amiss(stand) and all(outcome.as_it_must_be for outcome in outcomes) else 1)


def _print(stand: dict[str, str], outcomes: list[Outcome]) -> None:
    adjacencies = Table("adjacency, everything enforced", "how it stands", box=None)
    for name, state in stand.items():
        adjacencies.add_row(name, state)
    table = Table("packets from the neighbour", "sent", "passed", "lost", "reason", "", box=None)
    for each in outcomes:
        counts = (str(each.sent), str(each.passed), str(each.lost))
        table.add_row(each.name, *counts, each.reason, "ok" if each.as_it_must_be else "WRONG")
    for shown in (adjacencies, "", table):
        _out.print(shown)
    wrong = sum(not each.as_it_must_be for each in outcomes)
    _out.print(f"{len(outcomes)} rows, {wrong} not as they must be")


@contextlib.contextmanager
def _bpffs() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="wicket-routers-") as directory:
        run("mount", "-t", "bpf", "bpf", directory)
        try:
            yield Path(directory)
        finally:
            run("umount", directory)


if __name__ == "__main__":
    main()
