"""A flow: what the program said of the packets between two ends, counted; and flows by what becomes of them."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import NamedTuple

from control.datapath.probe.answer import Answer, End
from control.vocabulary import PROTOCOLS, REFUSABLE

NONE = PROTOCOLS[0]
UNKNOWN = "unknown"
"""The protocol of a flow that nobody can know: what it takes is not in the capture."""
REGISTERED = "registered"  # of control.vocabulary.REASONS


@dataclass(slots=True)
class Flow:
    """The packets between two ends, counted.

    Attributes:
        ip_protocol: the number in the IP header, or in the last of IPv6's extension headers.
        a, b: the two ends, the lower one (address as a number, then port) first.
        cut: packets of which the capture has less than the wire had.
        unjudged: those of them in which nothing was recognised, but might be, had the capture the rest of them.
        protocols: packets by the VPN protocol that each was recognised as.
        reasons: packets by the reason of their verdict.
        opened: the protocol of the first handshake, if any was seen.
    """

    ip_protocol: int
    a: End
    b: End
    packets: int = 0
    handshakes: int = 0
    passed: int = 0
    dropped: int = 0
    cut: int = 0
    unjudged: int = 0
    protocols: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    opened: str | None = None

    @classmethod
    def between(cls, ip_protocol: int, one: End, other: End) -> "Flow":
        """Return a flow without packets."""
        lower, upper = sorted((one, other), key=lambda end: (int(ip_address(end.address)), end.port))
        return cls(ip_protocol, lower, upper)

    def add(self, answer: Answer) -> None:
        """Count a packet by the program's answer."""
        self.packets += 1
        self.reasons[answer.reason] += 1
        if answer.verdict == "drop":
            self.dropped += 1
        else:
            self.passed += 1
        if answer.protocol != NONE:
            self.protocols[answer.protocol] += 1
        if answer.handshake:
            self.handshakes += 1
            self.opened = self.opened or answer.protocol

    @property
    def protocol(self) -> str:
        """The handshake's protocol, or that of the most packets; unrecognised ones have no say.

        Only the first packets of OpenVPN are recognised, and a capture may begin behind the handshake. Where nothing
        was recognised it is NONE, or UNKNOWN if a packet was cut that might have been.
        """
        if self.opened or self.protocols:
            return self.opened or self.protocols.most_common(1)[0][0]
        return UNKNOWN if self.unjudged else NONE

    @property
    def verdict(self) -> str:
        """What becomes of it: "drop" where a packet of it is dropped, UNKNOWN where that cannot be known, or "pass"."""
        if self.dropped:
            return "drop"
        return UNKNOWN if self.protocol == UNKNOWN else "pass"

    @property
    def registered(self) -> int:
        """Packets of which an end is registered."""
        return self.reasons[REGISTERED]

    @property
    def refusable(self) -> int:
        """Packets that are dropped, or would be, were every protocol enforced for all flows."""
        return sum(self.reasons[reason] for reason in REFUSABLE)


class Tally(NamedTuple):
    """Flows, counted by what becomes of them.

    Attributes:
        vpn: those whose VPN protocol is known.
        registered: those of them that have a registered end, and of which no packet would be refused.
        refusable: those of them of which packets are refused, or would be, were every protocol enforced for all flows.
        unknown: those that may be VPN or not.
        ordinary: the others.
    """

    vpn: int
    registered: int
    refusable: int
    unknown: int
    ordinary: int

    @classmethod
    def of(cls, flows: Sequence[Flow]) -> "Tally":
        """Count flows."""
        protocols = Counter(flow.protocol for flow in flows)
        vpn = [flow for flow in flows if flow.protocol not in (NONE, UNKNOWN)]
        refusable = sum(flow.refusable > 0 for flow in vpn)
        registered = sum(flow.registered > 0 and not flow.refusable for flow in vpn)
        return cls(len(vpn), registered, refusable, protocols[UNKNOWN], protocols[NONE])
