"""`make outages`: the outages of others, played here with live WireGuard, OpenVPN and IKEv2 sessions across the edge.

usage: python -m lab.outages.run [--json FILE] [NAME …]
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from control.config.guard import GuardSettings
from lab.faults.site import Site, site
from lab.outages import lists, rollouts, surroundings
from lab.outages.scenario import Played, Scenario, play

CARRIED = ("wireguard", "openvpn", "ike")
SCENARIOS: Mapping[str, Scenario] = {
    "registered-fail-with-the-unregistered": lists.registered_fail_with_the_unregistered,
    "content-file-crashes-its-readers": lists.content_file_crashes_its_readers,
    "file-doubles-in-size": lists.file_doubles_in_size,
    "global-in-seconds": rollouts.global_in_seconds,
    "tools-hang-on-what-was-cut": rollouts.tools_hang_on_what_was_cut,
    "certificate-expires": rollouts.certificate_expires,
    "leak-to-the-whole-world": lists.leak_to_the_whole_world,
    "flood-of-changes": lists.flood_of_changes,
    "one-valid-setting": lists.one_valid_setting,
    "repository-goes-stale": surroundings.repository_goes_stale,
    "everyday": surroundings.everyday,
}
"""In the order in which docs/outages.md tells of them."""

_out = Console(width=None if sys.stdout.isatty() else 160)


@click.command()
@click.argument("names", nargs=-1)
@click.option("--json", "file", type=click.Path(path_type=Path), default=Path("build/outages.json"), show_default=True)
def main(names: tuple[str, ...], file: Path) -> None:
    """Play the outages of NAMES, or all; the status is 1 when anything was lost."""
    chosen = {name: scenario for name, scenario in SCENARIOS.items() if not names or name.startswith(names)}
    played: list[Played] = []
    with site(CARRIED, GuardSettings()) as here:
        _limit(here)
        for name, scenario in chosen.items():
            played.append(play(here, name, scenario))
            click.echo(f"{len(played)}/{len(chosen)} {name}: {played[-1].lost} of {played[-1].sent} lost", err=True)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps({"scenarios": [asdict(each) for each in played]}, indent=1))
    table = Table("scenario", "sent", "lost", "safe after, s", "what the operator was told", box=None)
    for each in played:
        told = " / ".join(line.strip() for line in each.told.splitlines()[:4])
        table.add_row(each.name, f"{each.sent:,}", str(each.lost), f"{each.safe_s:.2f}", told)
    _out.print(table)
    sys.exit(1 if any(each.lost for each in played) else 0)


def _limit(here: Site) -> None:
    """Let the edge's list have room for so many entries."""
    config = here.edge.config
    config.write_text(config.read_text().replace("[list]\n", f"[list]\nmax_entries = {lists.MOST}\n"))
    here.edge.end_agent()
    here.edge.start_agent()


if __name__ == "__main__":
    main()
