"""Commands about packets: whose address it is, what the program makes of a packet, what it counted, samples."""

from typing import Any

from pydantic import BaseModel, Field

from control.commands.request import Reply, Request


class AddressChecked(Reply):
    """Whether an address is registered, and live on this gateway."""

    address: str
    registered: bool = Field(description="Whether an entry covers it.")
    live: bool = Field(description="Whether the kernel lets a packet to it pass for that.")
    prefix: str | None = Field(description="The entry that holds the address.")
    sources: list[str] = Field(description="Which lists hold that entry: `local`, `feed`, or both.")
    serial: int = Field(description="Of the local list.")


class CheckAddress(Request[AddressChecked]):
    """Look an address up in the live list, and ask the kernel."""

    verb = "check"
    reply = AddressChecked

    address: str = Field(description="One IPv4 or IPv6 address.")


class MatchedEntry(BaseModel):
    """The entry that let a packet through."""

    prefix: str
    protocols: list[str]
    ports: list[str]
    note: str
    sources: list[str] = Field(description="Which lists hold it: `local`, `feed`, or both.")


class Explained(Reply):
    """What the program makes of a packet."""

    answer: dict[str, Any] = Field(description="All that the program says of it.")
    entry: MatchedEntry | None = Field(description="The entry that it matched.")
    serial: int = Field(description="Of the local list.")


class ExplainPacket(Request[Explained]):
    """Run a packet through the program; nothing is sent and nothing is counted."""

    verb = "explain"
    reply = Explained

    packet: str = Field(description="An Ethernet frame in hexadecimal digits.")


class Counter(BaseModel):
    """Packets of one protocol that left the program with one verdict for one reason."""

    protocol: str
    verdict: str
    reason: str
    packets: int
    bytes: int


class Counted(Reply):
    """What the program counted since it was loaded."""

    counters: list[Counter]


class ReadCounters(Request[Counted]):
    """Read the counters that are not 0."""

    verb = "counters"
    reply = Counted


class Sampled(Reply):
    """How many packets are sampled from now on."""

    rate: int = Field(description="One packet in so many; 0: none.")


MOST_RATE = 0xFFFF_FFFF
"""The kernel has 32 bits for it (``struct sampling``)."""


class SamplePackets(Request[Sampled]):
    """Sample packets that look like VPN into the pinned ring `events`, for a time."""

    verb = "sample"
    reply = Sampled

    rate: int = Field(ge=0, le=MOST_RATE, description="One packet in so many; 0 stops at once.")
    responders: bool = Field(default=False, description="Tell where unregistered handshakes go, too.")
    seconds: float = Field(default=15.0, ge=0, description="After which it stops by itself.")
