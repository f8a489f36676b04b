"""Which machine, namespace, card and addresses each role has: topology.json, which provisioning reads as well."""

from __future__ import annotations

import ipaddress
import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("topology.json")


@dataclass(frozen=True)
class Ends:
    """The two outer addresses of one session: the subscriber's and the server's."""

    client: str
    server: str

    @property
    def version(self) -> int:
        """4 or 6."""
        return ipaddress.ip_address(self.server).version

    @property
    def server_in_url(self) -> str:
        """The server as it stands before a port (RFC 3986, section 3.2.2)."""
        return f"[{self.server}]" if self.version == 6 else self.server


@dataclass(frozen=True)
class Link:
    """One network between the edge and a host with many addresses; 1 is the edge."""

    network4: str
    network6: str
    nic: str

    def address(self, version: int, host: int) -> str:
        """The address of a host on this link."""
        return str(ipaddress.ip_network(self.network6 if version == 6 else self.network4)[host])

    def length(self, version: int) -> int:
        """The prefix length of the link's network."""
        return ipaddress.ip_network(self.network6 if version == 6 else self.network4).prefixlen


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

    def ends(self, index: int, version: int) -> Ends:
        """The pair of outer addresses with this index, from 0."""
        host = self._said["hosts"]["first"] + index
        if host > self._said["hosts"]["last"]:
            raise LookupError(f"there are no ends {index}: the hosts end with {self._said['hosts']['last']}")
        return Ends(self.access.address(version, host), self.core.address(version, host))

    def _link(self, name: str) -> Link:
        link = self._said["links"][name]
        return Link(link["network4"], link["network6"], link["router"]["nic"])
