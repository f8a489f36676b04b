"""The gateway on the edge, as an operator has it: packages, services and the command line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from lab.machines.machine import Place, wait_for

PACKAGE = "wicketgate-edge"
SERVICE = "wicketd.service"
CONFIGURATION = "/etc/wicketgate/wicket.toml"
START_SECONDS = 90  # a compiler on an emulated processor, with the kernel's own headers
Counts = Counter[tuple[str, str]]  # packets by protocol and reason
DROPPED = "enforced"  # the reason that drops what is on no list
NOBODY = "198.51.100.1"  # an address that no session has: a list that is not empty


class Gateway:
    """The installed gateway."""

    def __init__(self, edge: Place, interfaces: tuple[str, ...]) -> None:
        self.edge = edge
        self.interfaces = interfaces

    def wicket(self, *words: str, text: str | None = None) -> Any:
        """What `wicket … --json` says.

        Raises:
            Failed: it refuses.
        """
        return self.edge.json(f"wicket {' '.join(words)} --json", text=text)

    def version(self) -> str:
        """The installed version of the package, empty when it is not there."""
        query = f"dpkg-query --show --showformat '${{db:Status-Status}} ${{Version}}' {PACKAGE} 2>/dev/null || true"
        status, _, version = self.edge.run(query).partition(" ")
        return version if status == "installed" else ""

    def wait_until_up(self, seconds: float = START_SECONDS) -> float:
        """Wait until the agent answers; the seconds that took."""
        return wait_for(lambda: self.edge.succeeds("wicket status"), "wicket status gets an answer", seconds)

    def restart(self) -> float:
        """Restart the agent; the seconds until it answers."""
        self.edge.run(f"systemctl restart {SERVICE}", seconds=START_SECONDS)
        return self.wait_until_up()

    def guard(self, *, list_: Iterable[str] = (NOBODY,), enforce: bool = False) -> None:
        """Have both interfaces guarded, these addresses registered, and this policy for every protocol."""
        self.allow(list_)
        self.policy("enforce" if enforce else "monitor")
        guarded = {name for name, state in self.states().items() if state["attached"]}
        for name in self.interfaces:
            if name not in guarded:
                self.wicket("attach", name, "--mode", "native", "--confirm-within", "0s")

    def release(self) -> None:
        """Back to how the package starts: monitor, nothing attached."""
        self.policy("monitor")
        self.wicket("detach")

    def allow(self, prefixes: Iterable[str]) -> None:
        """Make these the whole local list; whom that leaves out is meant, so that what is held is released."""
        rows = "".join(f"{prefix}\n" for prefix in prefixes)
        self.edge.json("wicket allow replace - --format csv --json || [ $? = 3 ]", text=f"prefix\n{rows}")
        for item in self.wicket("held", "list"):
            self.wicket("held", "release", item["id"])

    def policy(self, mode: str, protocol: str = "all") -> None:
        """Set the policy of a protocol or of all, for good."""
        self.wicket("policy", "set", protocol, mode, "--share", "100", "--confirm-within", "0s")

    def policies(self) -> Mapping[str, Mapping[str, Any]]:
        """Mode and share by protocol."""
        said: dict[str, dict[str, Any]] = self.wicket("policy", "get")
        return said

    def states(self) -> dict[str, Any]:
        """How each interface stands, by its name."""
        return {state["name"]: state for state in self.wicket("status")["interfaces"]}

    def stands(self, mode: str) -> tuple[str, bool]:
        """How it stands, in words; and whether that is guarding both in native mode, by this policy for all."""
        guarded = {name: state["mode"] for name, state in self.states().items() if state["attached"]}
        modes = {policy["mode"] for policy in self.policies().values()}
        words = f"{', '.join(f'{name} {how}' for name, how in guarded.items())}, {'/'.join(sorted(modes))}"
        return words, guarded == dict.fromkeys(self.interfaces, "native") and modes == {mode}

    def counts(self) -> Counts:
        """Packets so far by protocol and reason, as `wicket counters` says."""
        counted: Counts = Counter()
        for line in self.wicket("counters"):
            counted[line["protocol"], line["reason"]] += line["packets"]
        return counted

    def live_count(self) -> int:
        """How many entries are live: the local ones and the registry's."""
        return int(self.wicket("status")["live"]["count"])
