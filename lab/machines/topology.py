"""Which machine, namespace, card and addresses each role has: topology.json, which provisioning reads as well."""

from __future__ import annotations

import json
from functools import cached_property
from pathlib import Path
from typing import Any

from lab.network import Link, Peers

FILE = Path(__file__).with_name("topology.json")


class Topology:
    """The roles of one variant; `small` puts subscriber, internet and registry on one machine."""

    def __init__(self, variant: str) -> None:
        self._said: dict[str, Any] = json.loads(FILE.read_text())
        self.variant = variant
        self.machine_of: dict[str, str] = self._said["variants"][variant]

    @classmethod
    def of_machines(cls, names: set[str]) -> Topology:
        """The variant whose machines these are.

        Raises:
            LookupError: no variant has these machines.
        """
        for variant, roles in json.loads(FILE.read_text())["variants"].items():
            if set(roles.values()) == names:
                return cls(variant)
        raise LookupError(f"{', '.join(sorted(names)) or 'none'}: these are the machines of no variant in {FILE.name}")

    @cached_property
    def access(self) -> Link:
        """The link to the subscriber."""
        return self._link("access")

    @cached_property
    def core(self) -> Link:
        """The link to the internet."""
        return self._link("core")

    def namespace_of(self, role: str) -> str | None:
        """The network namespace in which a role lives, if it has one of its own."""
        for link in self._said["links"].values():
            if link["host"]["role"] == role:
                return str(link["host"]["namespace"])
        return None

    @property
    def pairs(self) -> int:
        """How many peers there are; every session and flow takes some of its own."""
        return int(self._said["hosts"]["last"] - self._said["hosts"]["first"] + 1)

    def peers(self, index: int, version: int) -> Peers:
        """The peers with this index, from 0.

        Raises:
            LookupError: there are fewer.
        """
        host = self._said["hosts"]["first"] + index
        if index >= self.pairs:
            raise LookupError(f"there are no peers {index}: the hosts end with {self._said['hosts']['last']}")
        return Peers(index, self.access.address(version, host), self.core.address(version, host))

    def _link(self, name: str) -> Link:
        link = self._said["links"][name]
        return Link(link["network4"], link["network6"], link["router"]["nic"], link["host"]["nic"])
