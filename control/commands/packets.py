"""Commands about packets: whose address it is, what the program makes of some, what it counted, samples."""

import struct
from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel, Field

from control.allowlist.entry import Extent
from control.commands.policy import ProtocolName
from control.commands.request import Order, Reply, Request


class AddressChecked(Reply):
    """Whether an address is registered, and live on this gateway, for what was asked."""

    address: str
    registered: bool = Field(description="Whether an entry lets through what was asked for.")
    live: bool = Field(description="Whether the kernel lets a packet to it pass for that.")
    registered_for: Extent | None = Field(
        default=None,
        description="Whether entries let through `everything`, or `some` protocols or ports; none: no entry holds it.",
    )
    protocols: dict[str, list[str]] = Field(
        default={}, description="Protocols that entries let through, each with its ports; no ports are all."
    )
    prefix: str | None = Field(description="The longest entry that holds the address.")
    sources: list[str] = Field(description="Which lists hold that entry: `local`, `feed`, or both.")
    serial: int = Field(description="Of the local list.")


class CheckAddress(Request[AddressChecked]):
    """Look an address up in the live list, and ask the kernel."""

    verb = "check"
    reply = AddressChecked

    address: str = Field(description="One IPv4 or IPv6 address.")
    protocol: ProtocolName | None = Field(default=None, description="Only for this protocol; none: for any.")
    port: int | None = Field(default=None, ge=1, le=65535, description="Only at this port of it; none: at any.")


class ListedTerms(BaseModel):
    """What one of the two lists says of a prefix."""

    source: str = Field(description="Which list: `local` or `feed`.")
    protocols: list[str] = Field(description="Those that it is for; none are all.")
    ports: list[str] = Field(description="Those that it is for; none are all.")
    note: str


class MatchedEntry(BaseModel):
    """An entry of the live list."""

    prefix: str
    protocols: list[str]
    ports: list[str]
    note: str
    sources: list[str] = Field(description="Which lists hold it: `local`, `feed`, or both.")
    lists: list[ListedTerms] = Field(default=[], description="What each of these says.")


class RegistrationRead(Reply):
    """By which registration the feed has a prefix."""

    registration: str | None = Field(description="Its id at the registry; none: the feed has the prefix no more.")


class ReadRegistration(Request[RegistrationRead]):
    """Ask the feed by which registration it has exactly this prefix."""

    verb = "registration"
    reply = RegistrationRead

    prefix: str = Field(description="As the list has it.")


class Explained(Reply):
    """What the program makes of a packet."""

    answer: dict[str, Any] = Field(description="All that the program says of it.")
    entry: MatchedEntry | None = Field(description="The entry that lets it through.")
    other: MatchedEntry | None = Field(
        default=None,
        description="Where none does: the entry that holds an end of it for other protocols or ports.",
    )
    inside: str | None = Field(
        default=None, description="The IPv4 address inside a NAT64's prefix, by which one of these was found."
    )
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


class SamplePackets(Order[Sampled]):
    """Sample packets that look like VPN into the pinned ring `events`, for a time."""

    verb = "sample"
    reply = Sampled

    rate: int = Field(ge=0, le=MOST_RATE, description="One packet in so many; 0 stops at once.")
    responders: bool = Field(default=False, description="Tell where unregistered handshakes go, too.")
    seconds: float = Field(default=15.0, ge=0, description="After which it stops by itself.")


REGISTERED, OTHER_TERMS, LOCAL = "registered", "other_terms", "local"
"""Of control.vocabulary.REASONS. Of the first two the address that is told is that of the end on the list; of the third
none is told: it may be a subscriber's to whom the router itself speaks."""


class SampledPacket(BaseModel):
    """One sampled packet: of a subscriber nothing is told."""

    seconds: float = Field(description="Of CLOCK_MONOTONIC, some milliseconds coarse.")
    protocol: str
    handshake: bool
    verdict: str
    reason: str
    address: str | None = Field(description="The end on the list, or where asked for the responder of a handshake.")
    port: int
    bytes: int = Field(description="Of the frame.")


class EventsRead(Reply):
    """What was sampled since this reader last asked."""

    reader: str = Field(description="Names this reader when it asks again.")
    after: int = Field(description="The number of the last event read.")
    missed: int = Field(description="Events that were lost before this reader asked for them.")
    events: list[SampledPacket]


class ReadEvents(Request[EventsRead]):
    """Read sampled packets. Sampling goes on while somebody asks; each reader has all of them."""

    verb = "events"
    reply = EventsRead

    rate: int = Field(default=100, ge=1, le=MOST_RATE, description="One packet in so many.")
    responders: bool = Field(default=False, description="Tell where unregistered handshakes go, too.")
    reader: str | None = Field(default=None, max_length=64, description="Of an earlier answer; none: begin.")
    after: int = Field(default=0, ge=0, description="Of that answer.")
    leave: bool = Field(default=False, description="Whether this is the reader's last question.")


class PacketsRun(Reply):
    """What the program says of packets; the body is a record of ``struct answer`` for each, in order."""

    source_digest: str = Field(description="SHA-256 of the sources of the program, which say what a record is.")
    count: int = Field(description="Records in the body.")


class RunPackets(Request[PacketsRun]):
    """Run packets through the program; nothing is sent and nothing is counted. The body is the packed frames."""

    verb = "run"
    reply = PacketsRun


MOST_FRAMES = 4096
"""That are run at a time: nobody waits long for another's."""

_SIZE = struct.Struct("<I")


def pack_frames(frames: Iterable[bytes]) -> bytes:
    """Return frames as the body of a request: each behind its size, 32 bits, little-endian."""
    return b"".join(part for frame in frames for part in (_SIZE.pack(len(frame)), frame))


def unpack_frames(body: bytes) -> list[bytes]:
    """Return the frames that ``pack_frames`` packed.

    Raises:
        ValueError: it did not pack these, or they are too many.
    """
    frames: list[bytes] = []
    place = 0
    while place < len(body):
        if len(frames) == MOST_FRAMES:
            raise ValueError(f"more than {MOST_FRAMES} frames at a time")
        begin = place + _SIZE.size
        if begin > len(body) or (place := begin + _SIZE.unpack_from(body, place)[0]) > len(body):
            raise ValueError("the last frame is cut off")
        frames.append(body[begin:place])
    return frames
