"""What the kernel has of an instance, read with no agent and changing nothing."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from control.datapath import brake
from control.datapath.controls import CONTROLS, Brake, Controls, Count, Policy
from control.datapath.interfaces import everywhere, links
from control.datapath.interfaces.links import Link
from control.datapath.program.loaded import Loaded
from control.datapath.program.maps import array


@dataclass(frozen=True, slots=True)
class View:
    """How an instance stands by the newest of its programs.

    Attributes:
        programs: ids of all of them.
        brake: by whom it is pulled.
        lease_left: seconds for which dropping is still allowed.
        policies: by protocol.
        revision, serial: of the live list, and of the local list in it; none before the first.
        counts: what it counted.
        carriers: the links that carry one of them, each with its namespace.
        unreached: namespaces that could not be looked into, and why.
    """

    programs: list[int]
    brake: Brake
    lease_left: float
    policies: Mapping[str, Policy]
    revision: int | None
    serial: int | None
    counts: list[Count]
    carriers: list[tuple[everywhere.Namespace, Link]]
    unreached: list[str]


def of(directory: Path) -> View:
    """Read what the kernel has of the instance that is pinned in ``directory``.

    Raises:
        Refused: this process may not look, or nothing is loaded.
    """
    with brake.loaded_programs(directory) as found:
        readable = [each for each in found if each.fits_all(CONTROLS)]
        if not readable:
            raise brake.not_loaded(directory)
        newest = readable[-1]
        controls = Controls(newest)
        revision, serial = _provenance(newest)
        carriers, unreached = _carriers({each.id for each in found})
        return View(
            [each.id for each in found],
            controls.brake,
            controls.lease_left(),
            controls.policies(),
            revision,
            serial,
            controls.counts(),
            carriers,
            unreached,
        )


def _provenance(program: Loaded) -> tuple[int | None, int | None]:
    if not program.fits_all(("active", "generations")):
        return None, None
    row = array(program, "generations")[int(array(program, "active")["value"][0])]
    return (int(row["revision"]), int(row["local_serial"])) if row["revision"] else (None, None)


def _carriers(programs: set[int]) -> tuple[list[tuple[everywhere.Namespace, Link]], list[str]]:
    carriers, unreached = [], []
    for namespace in everywhere.namespaces():
        try:
            there = namespace.inside(links.all_links).values()
        except OSError as error:
            unreached.append(f"{namespace.inode} ({namespace.path}): {os.strerror(error.errno or 0)}")
            continue
        carriers += [(namespace, link) for link in there if link.program in programs]
    return carriers, unreached
