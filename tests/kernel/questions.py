"""What to ask the program about addresses, and what plain Python says to it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import ip_address

from control.allowlist.entry import Entry, Prefix
from control.allowlist.mapped import Address
from control.datapath.probe.frames import CLIENT_PORT, SHAPES, frame
from tests.companions import needed, whole

ELSEWHERE: dict[int, Address] = {4: ip_address("192.0.2.77"), 6: ip_address("2001:db8:77::77")}
"""The other end of every question, by family."""


@dataclass(frozen=True)
class Question:
    """A packet between two ends; of a protocol without ports, its port is 0."""

    source: Address
    destination: Address
    protocol: str = "wireguard"
    port: int = SHAPES["wireguard"].port

    @property
    def frame(self) -> bytes:
        return frame(self.protocol, self.source, self.destination, self.port)


def about(addresses: Iterable[Address]) -> Iterator[Question]:
    """What there is to ask about each address: as destination and as source, on another port, without ports."""
    for address in addresses:
        other = ELSEWHERE[address.version]
        yield Question(other, address)
        yield Question(address, other)
        yield Question(other, address, port=1194)
        yield Question(other, address, "esp", 0)


def around(prefix: Prefix) -> Iterator[Address]:
    """The first and last address of a prefix, and its neighbours on both sides."""
    first, last = int(prefix[0]), int(prefix[-1])
    highest = (1 << prefix.max_prefixlen) - 1
    kind = type(prefix[0])
    return (kind(number) for number in (first - 1, first, last, last + 1) if 0 <= number <= highest)


def registered_end(entries: Iterable[Entry], question: Question) -> str | None:
    """Which end is registered, as Answer.side has it: the destination is asked for first."""
    entries, protocol = list(entries), question.protocol
    if any(_allows(entry, question.destination, protocol, question.port) for entry in entries):
        return "destination"
    source_port = CLIENT_PORT if question.port else 0
    if any(_allows(entry, question.source, protocol, source_port) for entry in entries):
        return "source"
    return None


def _allows(entry: Entry, address: Address, protocol: str, port: int) -> bool:
    if address not in entry.prefix or (entry.protocols and protocol not in whole(entry.protocols)):
        return False
    if not port or not entry.ports or port in needed(entry.protocols):
        return True
    return any(first <= port <= last for first, last in entry.ports)
