"""Lists in a program of a benchmark's own, without an agent."""

from ipaddress import ip_network
from pathlib import Path
from typing import Any

import numpy as np

from bench import addresses
from control.allowlist import columnar
from control.allowlist.allowlist import Allowlist
from control.allowlist.entry import Entry
from control.datapath.controls import Controls, Policy
from control.datapath.generations.lists import Lists
from control.datapath.program.pins import Pinned
from control.rollout.position import Provenance
from control.vocabulary import VPN_PROTOCOLS

LEASE = 3600.0  # s: longer than any benchmark


def random_list(size: int, seed: int, *prefixes: str) -> Allowlist:
    """Return a list of so many random addresses, and these prefixes."""
    hosts = Allowlist.from_rows(columnar.of_ipv4(np.sort(addresses.some(size, seed))))
    named = Allowlist.from_entries(Entry(ip_network(prefix)) for prefix in prefixes)
    return hosts.with_changes(add=named, remove=Allowlist.empty())


class Loaded:
    """The product's program with a list of our choice."""

    def __init__(self, pinned: Pinned) -> None:
        self.lists, self._controls, self._serial = Lists(pinned, keep=2), Controls(pinned), 0
        self.program: int = pinned.program
        self.pin: Path = pinned.directory / "program"

    def hold(self, held: Allowlist) -> None:
        """Make this list the live one."""
        self._serial += 1
        self.lists.go_live(self.lists.stage(held, Provenance(self._serial)))
        self.lists.retire()

    def change(self, added: Allowlist, removed: Allowlist) -> None:
        """Change the live list in place."""
        self._serial += 1
        live = self.lists.live
        assert live is not None
        live.change(added, removed, Provenance(self._serial))

    def decide(self, mode: str) -> None:
        """Set every protocol to "monitor" or "enforce"."""
        self._controls.set_policies(dict.fromkeys(VPN_PROTOCOLS, Policy(mode)))
        self._controls.renew_lease(LEASE)

    def close(self) -> None:
        """Let go of the lists."""
        self.lists.close()

    def __enter__(self) -> "Loaded":
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()
