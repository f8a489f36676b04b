"""Everything that a subject works with: the roles' places, the gateway, the table, and what can be installed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from lab.machines.gateway import Gateway
from lab.machines.machine import GUEST, GUEST_DIRECTORY, UNITS, Machine, Place
from lab.machines.table import Table
from lab.machines.topology import Topology

TRAFFIC = f"{GUEST_DIRECTORY}/traffic.py"


@dataclass
class Lab:
    """The machines as this run sees them.

    Attributes:
        packages, newer: directories with the .deb files of this version and of a newer one.
        headers: a directory with the kernel headers for the machines, as .deb files; None when there is none.
    """

    topology: Topology
    machines: dict[str, Machine]
    table: Table
    packages: Path
    newer: Path
    headers: Path | None

    def place(self, role: str) -> Place:
        """Where a role lives."""
        return Place(role, self.machines[self.topology.machine_of[role]], self.topology.namespace_of(role))

    @cached_property
    def edge(self) -> Place:
        return self.place("edge")

    @cached_property
    def subscriber(self) -> Place:
        return self.place("subscriber")

    @cached_property
    def internet(self) -> Place:
        return self.place("internet")

    @cached_property
    def registry(self) -> Place:
        return self.place("registry")

    @cached_property
    def gateway(self) -> Gateway:
        """The gateway on the edge, guarding both sides."""
        return Gateway(self.edge, (self.topology.access.router_interface, self.topology.core.router_interface))

    def prepare(self) -> None:
        """Copy to the machines what runs there, and end what an earlier run has left going."""
        for machine in self.machines.values():
            machine.run(f"systemctl stop '{UNITS}*' 2>/dev/null || true; mkdir -p {GUEST_DIRECTORY}")
            machine.put(GUEST / "traffic.py", TRAFFIC)
        self.prepare_routes()

    def prepare_routes(self) -> None:
        """On the subscriber: each server is reached from the client's address of its own pair."""
        routes = [
            self.topology.peers(index, version).route(f"via {self.topology.access.router(version)}")
            for version in (4, 6)
            for index in range(self.topology.pairs)
        ]
        self.subscriber.run("ip -batch -", text="\n".join(routes) + "\n")
