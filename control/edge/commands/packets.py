"""Packets: what the program makes of one, what it counted, samples of them."""

import ipaddress
from dataclasses import asdict

from control.allowlist.entry import Entry
from control.commands.packets import (
    AddressChecked,
    CheckAddress,
    Counted,
    Counter,
    Explained,
    ExplainPacket,
    MatchedEntry,
    ReadCounters,
    Sampled,
    SamplePackets,
)
from control.datapath.probe.frames import SHAPES, frame
from control.datapath.probe.probe import Answer
from control.edge.edge import Edge
from control.fault import Fault, Kind, Refused

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

NOBODY: dict[int, Address] = {
    4: ipaddress.IPv4Address(0),
    6: ipaddress.IPv6Address(0),
}  # which no list can hold


def check(edge: Edge, request: CheckAddress, _body: bytes) -> AddressChecked:
    """Look an address up in the list, and ask the kernel about a packet to it that the entry lets through."""
    asked, state = _address(request.address), edge.list.state
    entry = state.union.covering(ipaddress.ip_network(asked))
    protocol = next((name for name in SHAPES if entry and name in entry.protocols), "wireguard")
    port = entry.ports[0][0] if entry and entry.ports else None
    said = edge.datapath.probe.probe(frame(protocol, NOBODY[asked.version], asked, port))
    return AddressChecked(
        address=str(asked),
        registered=entry is not None,
        live=said.reason == "registered",
        prefix=entry.text if entry else None,
        sources=_sources(edge, entry),
        serial=state.local.serial,
    )


def explain(edge: Edge, request: ExplainPacket, _body: bytes) -> Explained:
    """Run a packet through the program."""
    try:
        content = bytes.fromhex(request.packet)
        said = edge.datapath.probe.probe(content)
    except ValueError as error:
        fault = Fault("packet", str(error), "give an Ethernet frame of at least 14 bytes in hexadecimal digits")
        raise Refused(Kind.BAD_REQUEST, "The frame cannot be run", [fault]) from error
    matched = _matched(edge, said, content)
    return Explained(answer=asdict(said), entry=matched, serial=edge.list.state.local.serial)


def count(edge: Edge, _request: ReadCounters, _body: bytes) -> Counted:
    """Return the counters that are not 0."""
    return Counted(counters=[Counter(**asdict(row)) for row in edge.datapath.controls.counts()])


def sample(edge: Edge, request: SamplePackets, _body: bytes) -> Sampled:
    """Sample packets for a time."""
    with edge.turn() as turn:
        edge.sampling.start(turn, request.rate, request.responders, request.seconds)
    return Sampled(rate=request.rate)


def _address(text: str) -> Address:
    try:
        return ipaddress.ip_address(text)
    except ValueError as error:
        fault = Fault("address", str(error), "give one IPv4 or IPv6 address")
        raise Refused(Kind.INVALID, "The address is not understood", [fault]) from error


def _matched(edge: Edge, said: Answer, frame: bytes) -> MatchedEntry | None:
    """Return the entry that let a packet through, with the operator's note."""
    if said.end is None:
        return None
    size, first = (4, 12) if said.family == 4 else (16, 8)
    start = said.ip_offset + first + (size if said.end == "destination" else 0)
    address = ipaddress.ip_address(frame[start : start + size])
    entry = edge.list.state.union.find(ipaddress.ip_network((address, said.prefix_length), strict=False))
    if entry is None:
        return None
    ports = [str(first) if first == last else f"{first}-{last}" for first, last in entry.ports]
    return MatchedEntry(
        prefix=entry.text,
        protocols=list(entry.protocols),
        ports=ports,
        note=entry.note,
        sources=_sources(edge, entry),
    )


def _sources(edge: Edge, entry: Entry | None) -> list[str]:
    return [source.value for source in edge.list.state.union.holding(entry.prefix)] if entry else []
