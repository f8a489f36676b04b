"""``python -m bench.check [--accept]``: has anything been lost since the last committed run?"""

from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from bench.figures.comparing import MOST, Comparison, compare
from bench.figures.record import COMMITTED, FILE, read


@click.command()
@click.option("--accept", is_flag=True, help="Take this run for the committed one.")
@click.option("--now", type=click.Path(path_type=Path), default=FILE, show_default="build/bench.json")
@click.option(
    "--before", type=click.Path(path_type=Path), default=COMMITTED, show_default="docs/performance/bench.json"
)
def main(accept: bool, now: Path, before: Path) -> None:
    """Compare the ratios of a run with those of the committed one; the status is 1 when one has lost over 15 %."""
    if not now.exists():
        raise click.ClickException(f"{now} is not there: `make bench` writes it")
    if accept:
        before.write_bytes(now.read_bytes())
        click.echo(f"{now} is the run to compare with: commit {before}")
        return
    compared = compare(read(before), read(now))
    lost = [each for each in compared if each.is_lost]
    missing = [each.name for each in compared if each.now is None]
    _show(compared, Console())
    if missing:
        click.echo(f"not compared, since this run has none of it or another base: {', '.join(missing)}")
    if lost:
        names = ", ".join(f"{each.name} ({each.loss:.0%})" for each in lost)
        raise click.ClickException(f"lost over {MOST:.0%}: {names}")
    if len(missing) == len(compared):
        raise click.ClickException("there was nothing to compare")
    click.echo(f"nothing has lost over {MOST:.0%}, of {len(compared) - len(missing)} ratios")


def _show(compared: list[Comparison], console: Console) -> None:
    grid = Table("ratio", "better")
    for column in ("committed", "now", "loss"):
        grid.add_column(column, justify="right")
    for each in compared:
        if each.now is not None:
            style = "red" if each.is_lost else None
            better = "more" if each.more_is_better else "less"
            grid.add_row(each.name, better, f"{each.before:.3g}", f"{each.now:.3g}", f"{each.loss:+.0%}", style=style)
    console.print(grid)


if __name__ == "__main__":
    main()
