"""What the agent tells the program beside the list: policies, the lease, sampling; and the counters it gives back."""

import hashlib
from collections.abc import Mapping
from dataclasses import astuple, dataclass
from pathlib import Path

import numpy as np

from control.datapath import earlier, syscall
from control.datapath.program.layout import map_shapes
from control.datapath.program.loaded import Loaded
from control.datapath.program.maps import Maps, array
from control.host import clock
from control.vocabulary import MODES, PROTOCOLS, REASONS, VERDICTS, VPN_PROTOCOLS

NANOSECONDS = 1_000_000_000
CONTROLS = ("controls", "instances")
"""The maps that ``Controls`` need. Not the counters: theirs grow with each new reason, and who cannot read those of
another version is to read its policies, and pull its brake, all the same."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What happens to unregistered traffic of one protocol.

    Attributes:
        mode: "monitor" counts, "enforce" drops.
        share: of the flows, 0 to 100 %, that enforcing means; a flow within 1 % is within 5 % too.
    """

    mode: str = "monitor"
    share: int = 100

    @property
    def dropped_share(self) -> int:
        """Of how many flows, in percent, what opens a session is dropped."""
        return self.share if self.mode == "enforce" else 0

    def loosens(self, held: "Policy") -> bool:
        """Return whether it drops nothing that another, which is in force, does not drop."""
        return self.dropped_share <= held.dropped_share

    def __str__(self) -> str:
        """Return it in words that nobody reads as their opposite."""
        return f"enforce for {self.share} % of the flows" if self.mode == "enforce" else self.mode


@dataclass(frozen=True, slots=True)
class Brake:
    """By whom the brake is pulled: by the command ``bypass``, by the presence of its file."""

    by_command: bool = False
    by_file: bool = False

    def __bool__(self) -> bool:
        """Return whether nothing is dropped."""
        return self.by_command or self.by_file

    def __or__(self, other: "Brake") -> "Brake":
        """Return what both say."""
        return Brake(self.by_command or other.by_command, self.by_file or other.by_file)


RELEASED = Brake()
"""Nobody has pulled it."""


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

    def __init__(self, opened: Maps) -> None:
        self._policies, self._lease, self._brake, self._sampling = _rows(opened)
        self._instance = array(opened, "instances")[0]
        self._counters = opened.maps.get("counters")

    def policies(self) -> dict[str, Policy]:
        """Return each protocol's policy, as it is in the kernel."""
        rows = zip(VPN_PROTOCOLS, self._policies[1:], strict=True)
        return {name: Policy(MODES[row["mode"]], int(row["share"])) for name, row in rows}

    def loosened(self) -> set[str]:
        """Return the protocols whose policy somebody has loosened by hand, past the agent."""
        return {name for name, row in zip(VPN_PROTOCOLS, self._policies[1:], strict=True) if row["loosened"]}

    def set_policies(self, policies: Mapping[str, Policy], *, loosened: bool = False) -> None:
        """Set the policies of the protocols named; each by one store. ``loosened``: by hand, past the agent."""
        stored = np.zeros(1, self._policies.dtype)
        words, word = self._policies.view(np.uint64), stored.view(np.uint64)  # the array's stride is one word
        for name, policy in policies.items():
            stored["mode"], stored["share"] = MODES.index(policy.mode), policy.share
            stored["loosened"] = loosened
            words[PROTOCOLS.index(name)] = word[0]

    def note_policies(self, version: int) -> None:
        """Say which version the policies are, and seal them as they are."""
        self._instance["policy_version"] = version
        self._instance["policy_digest"] = self._digest_of_policies(version)

    def policy_version(self) -> int | None:
        """Return which version the policies are; None where somebody else has changed them since."""
        version = int(self._instance["policy_version"])
        return version if int(self._instance["policy_digest"]) == self._digest_of_policies(version) else None

    def _digest_of_policies(self, version: int) -> int:
        words = f"{version} {sorted((name, *astuple(policy)) for name, policy in self.policies().items())}"
        return int.from_bytes(hashlib.sha256(words.encode()).digest()[:8], "little")

    @property
    def brake(self) -> "Brake":
        """By whom the brake is pulled; while anybody has pulled it nothing is dropped."""
        row = self._brake[0]
        return Brake(by_command=bool(row["by_command"]), by_file=bool(row["by_file"]))

    def pull(self, brake: "Brake") -> None:
        """Pull the brake, or let it go: what of ``brake`` is true is on."""
        self._brake["by_command"], self._brake["by_file"] = brake.by_command, brake.by_file

    def renew_lease(self, seconds: float) -> None:
        """Allow dropping for so many seconds from now."""
        self._lease[0] = clock.now_ns() + int(seconds * NANOSECONDS)

    def lease_left(self) -> float:
        """Return for how many seconds dropping is still allowed; 0 when it is not."""
        return max(0.0, (int(self._lease[0]) - clock.now_ns()) / NANOSECONDS)

    def set_sampling(self, rate: int, responders: bool) -> None:
        """Sample one in ``rate`` packets that look like VPN, 0 for none; see struct event for what is told."""
        self._sampling[0] = (rate, responders)

    def set_epoch(self, epoch: bytes) -> None:
        """Say in the pinned state to which epoch, 16 bytes, the serials belong."""
        self._instance["epoch"] = np.frombuffer(epoch, np.uint8)

    def epoch(self) -> bytes:
        """Return the epoch of the pinned state."""
        return bytes(self._instance["epoch"])

    def set_owner(self, owner: bytes, namespace: int) -> None:
        """Say whose the pinned state is (16 bytes), and in which network namespace it guards, by its inode."""
        self._instance["owner"], self._instance["namespace"] = np.frombuffer(owner, np.uint8), namespace

    def namespace(self) -> int:
        """Return the inode of the network namespace in which an agent last guarded."""
        return int(self._instance["namespace"])

    @property
    def starts(self) -> int:
        """How many agents have started since one of them last worked for long."""
        return int(self._instance["starts"])

    @starts.setter
    def starts(self, number: int) -> None:
        self._instance["starts"] = number

    def counts(self) -> list[Count]:
        """Return the counters that are not 0, summed over all processors, since the program was loaded.

        There are none where the program is of a version that counts otherwise.
        """
        shape = map_shapes()["counters"]
        per_cpu = np.zeros((shape.entries, possible_cpus()), shape.value)
        if self._counters is None or syscall.map_info(self._counters) != shape.info:
            return []
        for index in range(shape.entries):
            syscall.lookup(self._counters, np.array([index], np.uint32), per_cpu[index])
        packets, octets = per_cpu["packets"].sum(axis=1), per_cpu["bytes"].sum(axis=1)
        return [_count(index, int(packets[index]), int(octets[index])) for index in np.flatnonzero(packets).tolist()]


def are_readable(program: Loaded) -> bool:
    """Return whether this version reads what the program is told, be it of this version or of one before."""
    return program.fits_all(CONTROLS) or (program.fits("instances") and earlier.fit(program.maps))


def _rows(opened: Maps) -> earlier.Rows:
    if "controls" not in opened.maps:
        return earlier.rows(opened)
    controls = array(opened, "controls")
    return earlier.Rows(controls["policies"][0], controls["lease"], controls["brake"], controls["sampling"])


def _count(index: int, packets: int, octets: int) -> Count:
    rest, reason = divmod(index, len(REASONS))
    protocol, verdict = divmod(rest, len(VERDICTS))
    return Count(PROTOCOLS[protocol], VERDICTS[verdict], REASONS[reason], packets, octets)


def possible_cpus() -> int:
    """Return for how many processors the kernel keeps per-CPU values, by their highest number."""
    ranges = Path("/sys/devices/system/cpu/possible").read_text()
    return int(ranges.strip().replace("-", ",").split(",")[-1]) + 1
