"""``python -m bench.page``: the tables and plots of docs/performance.md, written anew from the committed run."""

import re
from collections.abc import Mapping
from pathlib import Path

from bench.figures.record import COMMITTED, Record, read
from bench.page.plots import plots
from bench.page.tables import TABLES
from bench.sides.side import ROOT

PAGE = ROOT / "docs" / "performance.md"
MARKS = re.compile(r"(<!-- figures: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def written(page: str, record: Record) -> str:
    """Return the page with its tables as this run has them.

    Raises:
        KeyError: the page asks for a table that is not there.
    """
    return MARKS.sub(lambda found: f"{found[1]}\n{_table(found[2], record)}\n\n{found[3]}", page)


def _table(name: str, record: Record) -> str:
    return machine(record) if name == "machine" else TABLES[name].text(record.figures)


def machine(record: Record) -> str:
    """Return in words what a run was measured on."""
    caches = ", ".join(f"{level} {size}" for level, size in record.machine.get("caches", {}).items())
    told = {
        "processor": f"{record.machine.get('processor')}, {record.machine.get('processors')} of them",
        "caches": caches,
        "kernel": record.machine.get("kernel"),
        **record.versions,
    }
    return "\n".join(["| | |", "|---|---|", *(f"| {name} | {value} |" for name, value in told.items() if value)])


def files(record: Record) -> Mapping[Path, str]:
    """Return every file that comes from a run: the page and the plots."""
    drawn = {COMMITTED.with_name(name): svg for name, svg in plots(record).items()}
    return {PAGE: written(PAGE.read_text(), record), **drawn}


def main() -> None:
    """Write them from the committed run."""
    for path, text in files(read(COMMITTED)).items():
        path.write_text(text)


if __name__ == "__main__":
    main()
