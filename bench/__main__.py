"""``python -m bench [NAME…] [--base COMMIT]``: measure the product on this machine, beside others in the same run."""

import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from bench.changes import agent, feed, generations, whole
from bench.figures import record
from bench.figures.record import BASE, FILE, TODAY, Record
from bench.figures.table import show
from bench.packets import cost, flood, scaling
from bench.place import Place, place
from bench.run import Run
from bench.sides.side import ROOT, Side, side
from bench.sides.worktree import commit_of, described, worktree

Part = Callable[[Run], None]

LAST = 20  # lines of what the sides said

PARTS: dict[str, Part] = {
    "packet": cost.measure,
    "flood": flood.measure,
    "fill": generations.measure,
    "agent": agent.measure,
    "lists": whole.measure,
    "feed": feed.measure,
    "scale": scaling.measure,
}


@click.command()
@click.argument("names", nargs=-1, type=click.Choice(list(PARTS)))
@click.option("--base", metavar="COMMIT", help="Measure this commit too, in turns, by its own code.")
@click.option("--json", "file", type=click.Path(path_type=Path), default=FILE, show_default="build/bench.json")
def main(names: tuple[str, ...], base: str | None, file: Path) -> None:
    """Measure the gateway on this machine; without NAMES in every way. Root is needed.

    Beside its figures stand those of others in the same run: only these ratios can be taken to another machine.
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that all is cleared away
    found = Record(record.machine(), record.versions())
    found.versions |= {"wicketgate": described()} | ({BASE: commit_of(base)} if base else {})
    try:
        with place() as here, _sides(here, base) as sides, _progress(names or tuple(PARTS)) as tell:
            for name in names or tuple(PARTS):
                PARTS[name](Run(here, sides, found, lambda what, name=name: tell(name, what)))  # type: ignore[misc]
    finally:
        found.write(file)  # what there is: a run takes long
    show(found, Console())


@contextmanager
def _sides(here: Place, base: str | None) -> Iterator[Mapping[str, Side]]:
    """Start a driver for each side; what they say besides is shown when something goes wrong."""
    log = here.directory / "sides.log"
    with ExitStack() as opened:
        said = opened.enter_context(log.open("w"))
        sides = {TODAY: opened.enter_context(side(TODAY, ROOT, said))}
        if base:
            sides[BASE] = opened.enter_context(side(BASE, opened.enter_context(worktree(base)), said))
        try:
            yield sides
        except Exception:
            click.echo("".join(log.read_text().splitlines(keepends=True)[-LAST:]), err=True)
            raise


@contextmanager
def _progress(names: tuple[str, ...]) -> Iterator[Callable[[str, str], None]]:
    """Show which part is measured, of how many, and what of it: a bar, or where no terminal is lines."""
    columns = (
        TextColumn("{task.description:8}"),
        BarColumn(20),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[what]}"),
    )
    console = Console(stderr=True)
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task("", total=len(names), what="starting")

        def tell(name: str, what: str) -> None:
            progress.update(task, description=name, completed=names.index(name), what=what)
            if not console.is_terminal:
                console.print(f"{name} ({names.index(name) + 1} of {len(names)}): {what}", highlight=False)

        yield tell
        progress.update(task, completed=len(names), what="")


if __name__ == "__main__":
    main()
