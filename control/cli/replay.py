"""The command that runs captures through the program in the kernel."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from control.cli.context import as_json_option, pass_config
from control.config import Config
from control.datapath.probe.probe import Probe
from control.datapath.program import pins
from control.replay import report


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@as_json_option
@pass_config
def replay(config: Config, files: tuple[Path, ...], as_json: bool) -> None:
    """Run the packets of captures through the program in the kernel and print what it says, flow by flow.

    FILES are pcap or pcapng. It is the instance's own program with its live list and policies or, where the
    instance has none, one loaded for the purpose. Nothing is sent and nothing is counted.
    """
    with _prober(config) as prober:
        sys.exit(report.run(files, prober, as_json=as_json, out=sys.stdout, err=sys.stderr))


@contextmanager
def _prober(config: Config) -> Iterator[Probe]:
    pinned = pins.open_live(config.pins)
    if pinned is None:
        with pins.temporary(config.bpffs) as loaded:
            yield Probe(loaded.program)
        return
    try:
        yield Probe(pinned.program)
    finally:
        pinned.close()
