"""What the agent tells the program beside the list: policies, the lease, sampling; and the counters it gives back."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from control.datapath import syscall
from control.datapath.program.layout import map_shapes
from control.datapath.program.pins import Pinned
from control.vocabulary import MODES, PROTOCOLS, REASONS, VERDICTS, VPN_PROTOCOLS

NANOSECONDS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Policy:
    """What happens to unregistered traffic of one protocol.

    Attributes:
        mode: "monitor" counts, "enforce" drops.
        share: of the flows, 0 to 100 %, that enforcing means; a flow within 1 % is within 5 % too.
    """

    mode: str = "monitor"
    share: int = 100


@dataclass(frozen=True, slots=True)
class Count:
    """Packets and bytes of one protocol that left the program with one verdict for one reason."""

    protocol: str
    verdict: str
    reason: str
    packets: int
    bytes: int


class Controls:
    """The program's settings and counters, in the kernel's memory."""

    def __init__(self, pinned: Pinned) -> None:
        self._policies, self._lease = pinned.array("policies"), pinned.array("lease")
        self._sampling, self._instance = pinned.array("samplings"), pinned.array("instances")[0]
        self._counters = pinned.maps["counters"]

    def policies(self) -> dict[str, Policy]:
        """Return each protocol's policy, as it is in the kernel."""
        rows = zip(VPN_PROTOCOLS, self._policies[1:], strict=True)
        return {name: Policy(MODES[row["mode"]], int(row["share"])) for name, row in rows}

    def set_policies(self, policies: Mapping[str, Policy]) -> None:
        """Set the policies of the protocols named; each by one store."""
        stored = np.zeros(1, self._policies.dtype)
        words, word = self._policies.view(np.uint64), stored.view(np.uint64)  # the array's stride is one word
        for name, policy in policies.items():
            stored["mode"], stored["share"] = MODES.index(policy.mode), policy.share
            words[PROTOCOLS.index(name)] = word[0]

    def renew_lease(self, seconds: float) -> None:
        """Allow dropping for so many seconds from now."""
        self._lease["value"][0] = time.monotonic_ns() + int(seconds * NANOSECONDS)

    def lease_left(self) -> float:
        """Return for how many seconds dropping is still allowed; 0 when it is not."""
        return max(0.0, (int(self._lease["value"][0]) - time.monotonic_ns()) / NANOSECONDS)

    def set_sampling(self, rate: int, responders: bool) -> None:
        """Sample one in ``rate`` packets that look like VPN, 0 for none; see struct event for what is told."""
        self._sampling[0] = (rate, responders)

    def set_epoch(self, epoch: bytes) -> None:
        """Say in the pinned state to which epoch, 16 bytes, the serials belong."""
        self._instance["epoch"] = np.frombuffer(epoch, np.uint8)

    def epoch(self) -> bytes:
        """Return the epoch of the pinned state."""
        return bytes(self._instance["epoch"])

    def counts(self) -> list[Count]:
        """Return the counters that are not 0, summed over all processors, since the program was loaded."""
        shape = map_shapes()["counters"]
        per_cpu = np.zeros((shape.entries, possible_cpus()), shape.value)
        for index in range(shape.entries):
            syscall.lookup(self._counters, np.array([index], np.uint32), per_cpu[index])
        packets, octets = per_cpu["packets"].sum(axis=1), per_cpu["bytes"].sum(axis=1)
        return [_count(index, int(packets[index]), int(octets[index])) for index in np.flatnonzero(packets).tolist()]


def _count(index: int, packets: int, octets: int) -> Count:
    rest, reason = divmod(index, len(REASONS))
    protocol, verdict = divmod(rest, len(VERDICTS))
    return Count(PROTOCOLS[protocol], VERDICTS[verdict], REASONS[reason], packets, octets)


def possible_cpus() -> int:
    """Return for how many processors the kernel keeps per-CPU values, by their highest number."""
    ranges = Path("/sys/devices/system/cpu/possible").read_text()
    return int(ranges.strip().replace("-", ",").split(",")[-1]) + 1
