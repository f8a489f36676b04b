"""What the kernel has of an instance, read with no agent and changing nothing."""

import contextlib
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from control.datapath import brake
from control.datapath.controls import Brake, Controls, Policy, are_readable
from control.datapath.interfaces import everywhere, links
from control.datapath.interfaces.links import Link
from control.datapath.program.loaded import Loaded
from control.datapath.program.maps import array
from control.fault import Fault, Kind, Refused


@dataclass(frozen=True, slots=True)
class View:
    """How an instance stands by the newest of its programs.

    Attributes:
        programs: ids of all of them.
        brake: by whom it is pulled.
        lease_left: seconds for which dropping is still allowed.
        policies: by protocol.
        revision, serial: of the live list, and of the local list in it; none before the first.
        carriers: the links that carry one of them, each with its namespace.
        unreached: namespaces that could not be looked into, and why.
    """

    programs: list[int]
    brake: Brake
    lease_left: float
    policies: Mapping[str, Policy]
    revision: int | None
    serial: int | None
    carriers: list[tuple[everywhere.Namespace, Link]]
    unreached: list[str]


def of(directory: Path) -> View:
    """Read what the kernel has of the instance that is pinned in ``directory``.

    Raises:
        Refused: this process may not look, or nothing is loaded.
    """
    with brake.loaded_programs(directory) as found:
        newest = _newest(directory, found)
        newest_controls = Controls(newest)
        revision, serial = _provenance(newest)
        carriers, unreached = _carriers({each.id for each in found})
        return View(
            [each.id for each in found],
            newest_controls.brake,
            newest_controls.lease_left(),
            newest_controls.policies(),
            revision,
            serial,
            carriers,
            unreached,
        )


@contextlib.contextmanager
def controls(directory: Path) -> Iterator[Controls]:
    """Give settings and counters of the instance's newest program.

    Raises:
        Refused: this process may not look, or nothing is loaded.
    """
    with brake.loaded_programs(directory) as found:
        yield Controls(_newest(directory, found))


def _newest(directory: Path, found: Sequence[Loaded]) -> Loaded:
    readable = [each for each in found if are_readable(each)]
    if not readable:
        why = "no program of this instance is loaded: nothing is dropped"
        fault = Fault(str(directory), why, "start it with `wicketd`")
        raise Refused(Kind.UNAVAILABLE, "The instance is not in the kernel", [fault])
    return readable[-1]


def _provenance(program: Loaded) -> tuple[int | None, int | None]:
    if not program.fits("controls"):
        return None, None
    controls = array(program, "controls")
    row = controls["generations"][0][int(controls["active"][0])]
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
