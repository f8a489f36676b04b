"""Packets: what the program makes of one, what it counted, samples of them."""

import ipaddress
from dataclasses import asdict

from control.allowlist.entry import Entry, port_text
from control.allowlist.mapped import Address
from control.allowlist.prefix import read_address
from control.commands.packets import (
    AddressChecked,
    CheckAddress,
    Counted,
    Counter,
    EventsRead,
    Explained,
    ExplainPacket,
    MatchedEntry,
    PacketsRun,
    ReadCounters,
    ReadEvents,
    RunPackets,
    Sampled,
    SamplePackets,
    unpack_frames,
)
from control.datapath.probe.answer import Answer
from control.datapath.probe.frames import SHAPES, frame
from control.datapath.program.compile import schema
from control.edge.edge import Edge
from control.fault import BadValueError, Fault, Kind, Refused

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
        said = edge.datapath.probe.probe(bytes.fromhex(request.packet))
    except ValueError as error:
        fault = Fault("packet", str(error), "give an Ethernet frame of at least 14 bytes in hexadecimal digits")
        raise Refused(Kind.BAD_REQUEST, "The frame cannot be run", [fault]) from error
    return Explained(answer=asdict(said), entry=_matched(edge, said), serial=edge.list.state.local.serial)


def count(edge: Edge, _request: ReadCounters, _body: bytes) -> Counted:
    """Return the counters that are not 0."""
    return Counted(counters=[Counter(**asdict(row)) for row in edge.datapath.controls.counts()])


def run(edge: Edge, _request: RunPackets, body: bytes) -> tuple[PacketsRun, bytes]:
    """Run packets through the program; return its answers as it gives them."""
    try:
        frames = unpack_frames(body)
        answers = edge.datapath.probe.probe_raw(frames)
    except ValueError as error:
        fault = Fault("body", str(error), "send what pack_frames of control/commands makes of Ethernet frames")
        raise Refused(Kind.BAD_REQUEST, "The frames cannot be run", [fault]) from error
    return PacketsRun(source_digest=schema().hex(), count=len(frames)), answers


def read_events(edge: Edge, request: ReadEvents, _body: bytes) -> EventsRead:
    """Return what was sampled since this reader last asked, and sample on."""
    return edge.events.read(request, edge.turn)


def sample(edge: Edge, request: SamplePackets, _body: bytes) -> Sampled:
    """Sample packets for a time."""
    with edge.turn(request.origin()) as turn:
        edge.sampling.start(turn, request.rate, request.responders, request.seconds)
    return Sampled(rate=request.rate)


def _address(text: str) -> Address:
    try:
        return read_address(text)
    except BadValueError as error:
        fault = Fault("address", error.why, error.mend)
        raise Refused(Kind.INVALID, "The address is not understood", [fault]) from error


def _matched(edge: Edge, said: Answer) -> MatchedEntry | None:
    """Return the entry that let a packet through, with the operator's note."""
    entry = edge.list.state.union.find(said.matched) if said.matched else None
    if entry is None:
        return None
    return MatchedEntry(
        prefix=entry.text,
        protocols=list(entry.protocols),
        ports=[port_text(ports) for ports in entry.ports],
        note=entry.note,
        sources=_sources(edge, entry),
    )


def _sources(edge: Edge, entry: Entry | None) -> list[str]:
    return [source.value for source in edge.list.state.union.holding(entry.prefix)] if entry else []
