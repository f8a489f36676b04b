"""What became of what the routers said, a row each, and for which reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lab.routers import packets
from lab.routers.lab import Grown, Lab
from lab.routers.packets import Row
from lab.stage import addresses

TIMES = 3
"""How often each packet by hand is sent."""
OWN = tuple(addresses.INTERNET.router(version) for version in (4, 6))
STRANGERS = tuple(addresses.SUBSCRIBER.address(version, 77) for version in (4, 6))
LOCAL, ENFORCED, ORDINARY = "local", "enforced", "ordinary"


@dataclass(frozen=True)
class Outcome:
    """What became of a row.

    Attributes:
        sent, passed: packets of the neighbour, and those of them that arrived behind the program.
        reason: for which the program has counted as many of their protocol; "" when it has not.
        wanted: the reason that it must be.
    """

    name: str
    sent: int
    passed: int
    reason: str
    wanted: str

    @property
    def lost(self) -> int:
        """How many did not arrive."""
        return self.sent - self.passed

    @property
    def as_it_must_be(self) -> bool:
        """All have arrived, or none where it must be refused; and it is counted so."""
        return self.sent > 0 and self.reason == self.wanted and self.passed == (self.wanted != ENFORCED) * self.sent


def by_the_daemons(lab: Lab) -> list[Outcome]:
    """What the neighbour's daemons have said so far; IPsec is counted as local, the rest is no VPN's."""
    talk, counted, outcomes = lab.routers.talk(), lab.counted(), []
    for name, crossing in talk.items():
        protocol = next((protocol for protocol in ("ah", "esp") if f"in {protocol.upper()}" in name), "none")
        wanted = ORDINARY if protocol == "none" else LOCAL
        reason = _reason(counted, protocol, crossing.sent, wanted)
        outcomes.append(Outcome(name, crossing.sent, crossing.passed, reason, wanted))
    return outcomes


def by_hand(lab: Lab) -> list[Outcome]:
    """Packets by hand: to the link and to groups, to the router itself, and to strangers."""
    batches: tuple[tuple[Sequence[Row], str], ...] = (
        (packets.to_the_link(), LOCAL),
        (packets.to(*OWN), LOCAL),
        (packets.to(*STRANGERS), ENFORCED),
    )
    return [outcome for rows, wanted in batches for outcome in _batch(lab, rows, wanted)]


def _batch(lab: Lab, rows: Sequence[Row], wanted: str) -> Iterator[Outcome]:
    before = lab.counted()
    said = lab.routers.say(rows, TIMES)
    grown = {key: count - before.get(key, 0) for key, count in lab.counted().items()}
    of_protocol = Counter(row.protocol for row in rows)
    for row in rows:
        reason = _reason(grown, row.protocol, TIMES * of_protocol[row.protocol], wanted)
        name = f"{row.name}, a stranger" if wanted == ENFORCED else row.name
        yield Outcome(name, said[row.name].sent, said[row.name].passed, reason, wanted)


def _reason(grown: Grown, protocol: str, packets: int, wanted: str) -> str:
    """For which reason so many packets of a protocol are counted, or more: AH and ESP of daemons come on top."""
    reasons = [reason for (name, reason), count in grown.items() if name == protocol and count >= packets]
    return wanted if wanted in reasons else " or ".join(sorted(reasons))
