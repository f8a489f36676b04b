"""``python -m bench [NAME…]``: measure, and print tables or, with --json, a JSON object a line."""

import sys
from collections.abc import Callable, Iterator

import click
from rich.console import Console

from bench import agent, change, flood, packet, replacing, report, strangers
from bench.report import Table

Benchmark = Callable[[], Iterator[Table]]

BENCHMARKS: dict[str, Benchmark] = {
    "list": replacing.measure,
    "change": change.measure,
    "packet": packet.measure,
    "flood": flood.measure,
    "agent": agent.measure,
    "strangers": strangers.measure,
}


@click.command()
@click.argument("names", nargs=-1, type=click.Choice(list(BENCHMARKS)))
@click.option("--json", "as_json", is_flag=True, help="Print JSON lines.")
def main(names: tuple[str, ...], as_json: bool) -> None:
    """Measure the gateway on this machine; without NAMES in every way. Root is needed.

    Beside the figures stand those of peers in the same run: only these ratios can be taken to another machine.
    """
    console, progress = Console(), Console(stderr=True)
    for name in names or tuple(BENCHMARKS):
        with progress.status(f"measuring: {name}"):
            for table in (report.machine(), *BENCHMARKS[name]()):
                if as_json:
                    console.file.writelines(f"{line}\n" for line in report.json_lines(name, table))
                    sys.stdout.flush()
                else:
                    report.show(table, console)


if __name__ == "__main__":
    main()
