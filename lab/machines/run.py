"""`make vagrant-test`: every subject's rows on machines that are up.

usage: python -m lab.machines.run --ssh-config FILE --packages DIRECTORY --newer DIRECTORY [SUBJECT…]
"""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable
from pathlib import Path

import click
from rich.console import Console

from lab.machines.lab import Lab
from lab.machines.machine import Machine
from lab.machines.subject import access, attach, headers, ordinary, packages, reboot, registry, sessions
from lab.machines.table import WIDTH, Failed, Log, Table
from lab.machines.topology import Topology

# In the order in which they run: removal comes last.
SUBJECTS: dict[str, Callable[[Lab], None]] = {
    "packages": packages.install,
    "attach": attach.attach,
    "registry": registry.registry,
    "sessions": sessions.sessions,
    "access": access.access,
    "ordinary": ordinary.ordinary,
    "upgrade": packages.upgrade,
    "reboot": reboot.reboot,
    "headers": headers.headers,
    "removal": packages.remove,
}
_BUILD = Path("build")


@click.command()
@click.argument("subjects", nargs=-1, type=click.Choice(list(SUBJECTS)))
@click.option(
    "--ssh-config",
    type=click.Path(exists=True, path_type=Path),
    default=_BUILD / "machines/ssh-config",
    show_default=True,
    help="What `vagrant ssh-config` says.",
)
@click.option(
    "--packages",
    "packages_",
    type=click.Path(path_type=Path),
    default=_BUILD / "deb",
    show_default=True,
    help="The packages of this version.",
)
@click.option(
    "--newer",
    type=click.Path(path_type=Path),
    default=_BUILD / "deb-newer",
    show_default=True,
    help="The packages of a newer one.",
)
@click.option(
    "--headers",
    type=click.Path(path_type=Path),
    default=_BUILD / "box/headers",
    show_default=True,
    help="The machines' kernel headers, as .deb files.",
)
@click.option("--log", "log_", type=click.Path(path_type=Path), help="Where each command and its output is kept.")
def main(
    subjects: tuple[str, ...], ssh_config: Path, packages_: Path, newer: Path, headers: Path, log_: Path | None
) -> None:
    """Run SUBJECTS, or all; the status is 1 when a row is not as it must be."""
    path = log_ or _BUILD / "machines" / time.strftime("rows-%Y%m%d-%H%M%S.log")
    console = Console(width=None if sys.stdout.isatty() else WIDTH, emoji=False)
    table = Table(Log(path), console)
    names = set(re.findall(r"^Host (\S+)", ssh_config.read_text(), re.MULTILINE))
    topology = Topology.of_machines(names)
    machines = {name: Machine(name, ssh_config, table.log) for name in sorted(names)}
    lab = Lab(topology, machines, table, packages_, newer, headers)
    console.print(f"machines: {', '.join(sorted(names))} ({topology.variant}); log: {path}", markup=False)
    try:
        _run(lab, subjects or tuple(SUBJECTS))
    finally:
        table.print()
        for machine in machines.values():
            machine.forget()
        table.log.close()
    sys.exit(1 if table.wrong else 0)


def _run(lab: Lab, subjects: tuple[str, ...]) -> None:
    with lab.table.row("machines", "every machine answers and has its files", "yes") as row:
        lab.prepare()
        row.see("yes", True)
    for subject in SUBJECTS:
        if subject not in subjects:
            continue
        try:
            SUBJECTS[subject](lab)
        except Failed as failure:
            with lab.table.row(subject, "goes through to its end", "yes") as row:
                row.see(f"ended early: {failure}", False)


if __name__ == "__main__":
    main()
