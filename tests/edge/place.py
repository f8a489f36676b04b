"""One edge's place on disk and in the kernel, in which tests start an edge, end it, and start it again."""

import contextlib
import os
import sqlite3
import subprocess
import threading
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from ipaddress import IPv4Address, ip_network
from pathlib import Path
from typing import Any

import numpy as np

from control.allowlist.allowlist import Allowlist
from control.allowlist.columnar import of_ipv4
from control.allowlist.entry import Entry
from control.commands.list import ListChanged
from control.commands.packets import CheckAddress
from control.config import Config
from control.datapath import datapath
from control.datapath.controls import Policy
from control.datapath.generations.generation import Generation
from control.datapath.interfaces import attaching
from control.edge.commands.answering import answer
from control.edge.commands.packets import check
from control.edge.commands.server import AgentServer
from control.edge.edge import Edge
from control.rollout.change import NONE, SMALL
from control.rollout.origin import NOBODY
from lab.limits import UNCONFIRMED, UNLIMITED

MANY = SMALL + 1
"""Entries of which a change is made as a whole generation."""

FEW = ("192.0.2.1", "198.51.100.0/24", "2001:db8::/48")


def listed(prefixes: Iterable[str] = FEW) -> Allowlist:
    """A list of plain prefixes."""
    return Allowlist.from_entries([Entry(ip_network(prefix)) for prefix in prefixes])


def hosts(count: int, first: str = "203.0.0.0") -> Allowlist:
    """A list of so many IPv4 addresses in a row, for when many are needed."""
    start = int(IPv4Address(first))
    return Allowlist.from_rows(of_ipv4(np.arange(start, start + count, dtype=np.uint32)))


@dataclass(frozen=True)
class Place:
    """Where an edge lives.

    Attributes:
        changes_before_snapshot: that its edges make; None: as the product has it.
    """

    config: Config
    changes_before_snapshot: int | None = None

    @property
    def database(self) -> Path:
        return self.config.state_dir / "edge.db"

    @property
    def live(self) -> Path:
        """Where program and maps are pinned."""
        return self.config.pins / "live"

    @contextmanager
    def edge(self) -> Iterator[Edge]:
        """Start an edge, and end it as an agent ends: the kernel goes on."""
        edge = Edge.open(self.config)
        edge.lease.renew()  # as its agent does once it has worked for a moment
        if self.changes_before_snapshot is not None:
            edge.live.changes_before_snapshot = self.changes_before_snapshot
        try:
            yield edge
        finally:
            edge.close()

    def sql(self, statement: str, *values: Any) -> list[Any]:
        """Run a statement in the database, with no edge running, as damage would."""
        return sql(self.database, statement, *values)

    def remove(self) -> None:
        """Take everything out of the kernel."""
        datapath.remove(self.config.pins)


def sql(database: Path, statement: str, *values: Any) -> list[Any]:
    """Run a statement in a database that nobody has open; where somebody has, it is refused at once."""
    with closing(sqlite3.connect(database, timeout=0, isolation_level=None)) as connection:
        return connection.execute(statement, values).fetchall()


def place(directory: Path, bpffs: Path) -> Place:
    """A place of its own in a directory and on a bpffs."""
    name = f"edge-{os.urandom(4).hex()}"
    config = Config(
        instance=name,
        bpffs=bpffs,
        state=directory / "state",
        run=directory / "run",
        guard=UNLIMITED,
        rollout=UNCONFIRMED,
    )
    return Place(config)


@contextmanager
def mounted(directory: Path, kind: str, options: str = "defaults") -> Iterator[Path]:
    """A filesystem of its own."""
    directory.mkdir(parents=True, exist_ok=True)
    subprocess.run(["mount", "-t", kind, "-o", options, kind, directory], check=True)
    try:
        yield directory
    finally:
        subprocess.run(["umount", directory], check=True)


def fill(disk: Path) -> Path:
    """Write a file until there is no room on a disk any more; return it."""
    with (disk / "filling").open("wb", buffering=0) as filling, contextlib.suppress(OSError):
        while True:
            filling.write(bytes(4096))
    return disk / "filling"


def program_of(edge: Edge) -> int:
    """The id of the program that an edge drives."""
    return attaching.Programs(edge.datapath.programs.current).id


def live_of(edge: Edge) -> Generation:
    """The generation that the kernel asks."""
    live = edge.datapath.lists.live
    assert live is not None
    return live


def generations_of(edge: Edge) -> list[Generation]:
    """The generations that the kernel holds, the live one last."""
    return list(edge.datapath.lists.held)


def serials_of(edge: Edge) -> list[int]:
    """The serials of the generations that the kernel holds, the live one's last."""
    return [generation.revision for generation in edge.datapath.lists.held]


def policies_of(edge: Edge) -> dict[str, Policy]:
    """The policies that the kernel goes by."""
    return edge.datapath.controls.policies()


def lease_left(edge: Edge) -> float:
    """For how many seconds the kernel may still drop."""
    return edge.datapath.controls.lease_left()


def is_pinned(edge: Edge) -> bool:
    """Whether what the edge has in the kernel would outlive it."""
    return edge.datapath.is_pinned()


def is_live(edge: Edge, allowlist: Allowlist) -> bool:
    """Whether edge and kernel hold just this list, under one serial and the store's epoch."""
    live = edge.datapath.lists.live
    return (
        live is not None
        and edge.list.state.union.local == allowlist
        and live.holds(allowlist)
        and live.revision == edge.list.state.local.serial
        and edge.datapath.controls.epoch() == edge.store.epoch
    )


def replace_list(edge: Edge, new: Allowlist, **options: Any) -> ListChanged:
    """Make another list the local one, as whoever asks at the socket."""
    with edge.turn() as turn:
        return edge.list.replace(turn, new, NOBODY, **options)


def change_list(edge: Edge, add: Allowlist, remove: Allowlist = NONE, **options: Any) -> ListChanged:
    """Add to the local list and remove from it."""
    with edge.turn() as turn:
        return edge.list.change(turn, add, remove, NOBODY, **options)


def set_policies(edge: Edge, policy: object, if_match: str | None = None) -> None:
    """Set policies as a request at the socket says them."""
    answer(edge, {"verb": "set_policy", "policy": policy, "if_match": if_match}, b"")


def is_let_through(edge: Edge, address: str) -> bool:
    """Whether the kernel takes a packet to an address for a registered end's."""
    return check(edge, CheckAddress(address=address), b"").live


@contextmanager
def served(edge: Edge) -> Iterator[AgentServer]:
    """An agent's server in this process."""
    agent = AgentServer(edge.config.socket, edge)
    thread = threading.Thread(target=agent.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield agent
    finally:
        agent.shutdown()
        agent.server_close()
        thread.join(30)
