"""`make matrix`: the handshake of every VPN software and mode that Debian has, across a guarded edge.

usage: python -m lab.matrix.run [--quick] [--record FOLDER] [--json FILE] [NAME …]
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from lab.matrix.captures import name_of, write
from lab.matrix.measure import Measured, measure
from lab.matrix.row import Found, MatrixRow
from lab.matrix.rows import GROUPS
from lab.run import BPFFS

_out = Console(width=None if sys.stdout.isatty() else 200)


@click.command()
@click.argument("names", nargs=-1)
@click.option("--quick", is_flag=True, help="Do not wait for rekeys.")
@click.option("--record", "captures", type=click.Path(path_type=Path), help="Keep the handshakes' first packets here.")
@click.option("--json", "file", type=click.Path(path_type=Path), default=Path("build/matrix.json"), show_default=True)
def main(names: tuple[str, ...], quick: bool, captures: Path | None, file: Path) -> None:
    """Measure the rows whose names begin with one of NAMES, or all; the status is 1 when one is not as it must be."""
    found: list[Found] = []
    for group, rows in GROUPS.items():
        chosen = [row for row in rows if not names or row.name.startswith(names)]
        if chosen:
            measured = _group(group, chosen, rekeys=not quick)
            found += [each.found for each in measured]
            _write(file, found)
            if captures:
                _record(captures / group, chosen, measured)
    _print(found)
    sys.exit(0 if found and all(each.as_it_must_be for each in found) else 1)


def _group(group: str, rows: Sequence[MatrixRow], *, rekeys: bool) -> list[Measured]:
    return measure(rows, BPFFS, lambda what: click.echo(f"{group}: {what}", err=True), rekeys=rekeys)


def _record(folder: Path, rows: Sequence[MatrixRow], measured: Sequence[Measured]) -> None:
    for row, each in zip(rows, measured, strict=True):
        if row.recorded and each.frames:
            write(folder / name_of(row.name), each.frames)


def _write(file: Path, found: Sequence[Found]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    rows = [{**asdict(each), "as_it_must_be": each.as_it_must_be} for each in found]
    file.write_text(json.dumps({"rows": rows}, indent=1))


def _print(found: Sequence[Found]) -> None:
    table = Table("software and mode", "first packet", "known as", "up", "refused", box=None, pad_edge=False)
    for column in ("registered: up, s", "lost", "established, then enforced", "at its rekey, registered", ""):
        table.add_column(column)
    for each in found:
        if each.skipped:
            table.add_row(each.name, "", "", "", "", "", "", f"skipped: {each.skipped}", "", "skipped")
            continue
        opens = f"{each.known_as}{', opens' if each.opens else ''}"
        took = "-" if each.registered_s is None else f"{each.registered_s:.1f}"
        refused = f"{each.refused}{', yet up' if each.enforced_up and each.refused else ''}"
        marks = ["yes" if each.up else "no", refused, took, str(each.lost), each.rekey, each.registered_rekey]
        table.add_row(each.name, f"{each.first} bytes", opens, *marks, "ok" if each.as_it_must_be else "WRONG")
    _out.print(table)
    for each in found:
        if each.trouble:
            _out.print(f"{each.name}: {each.trouble}", markup=False, highlight=False)
    wrong, skipped = sum(not each.as_it_must_be for each in found), sum(bool(each.skipped) for each in found)
    _out.print(f"{len(found)} rows, {wrong} not as they must be, {skipped} skipped")


if __name__ == "__main__":
    main()
