"""Packets: what the program makes of one, what it counted, samples of them."""

import ipaddress
from dataclasses import asdict

from control.allowlist import nat64
from control.allowlist.entry import Entry, Prefix, port_text
from control.allowlist.mapped import Address
from control.allowlist.prefix import asked_prefix, read_address
from control.commands.packets import (
    AddressChecked,
    CheckAddress,
    Counted,
    Counter,
    EventsRead,
    Explained,
    ExplainPacket,
    ListedTerms,
    MatchedEntry,
    PacketsRun,
    ReadCounters,
    ReadEvents,
    ReadRegistration,
    RegistrationRead,
    RunPackets,
    Sampled,
    SamplePackets,
    unpack_frames,
)
from control.datapath.probe.answer import Answer
from control.datapath.probe.frames import NOBODY, SHAPES, frame
from control.datapath.program.compile import schema
from control.edge.edge import Edge
from control.fault import BadValueError, Fault, Kind, Refused
from control.rollout.allowed import Allowed, demand_use
from control.rollout.union import Source


def check(edge: Edge, request: CheckAddress, _body: bytes) -> AddressChecked:
    """Look an address up in the list, and ask the kernel about a packet to it that the entries let through."""
    demand_use(request.protocol, request.port)
    asked, state = _address(request.address), edge.list.state
    found = [each for address in _behind(edge, asked) for each in state.union.covering(ipaddress.ip_network(address))]
    allowed = Allowed.by(entry.terms for _, entry in found)
    use = allowed.example(request.protocol, request.port)
    protocol, port = use or (request.protocol or "wireguard", request.port)
    # From the protocol's own port, since some are known by it alone: it is the other end's that is anything.
    made_up = frame(protocol, NOBODY[asked.version], asked, port, SHAPES[protocol].port)
    said = edge.datapath.probe.probe(made_up)
    return AddressChecked(
        address=str(asked),
        registered=use is not None,
        live=said.reason == "registered",
        registered_for=allowed.extent,
        protocols=allowed.written,
        prefix=found[0][1].text if found else None,
        sources=[source.value for source, entry in found if entry.prefix == found[0][1].prefix],
        serial=state.local.serial,
    )


def explain(edge: Edge, request: ExplainPacket, _body: bytes) -> Explained:
    """Run a packet through the program."""
    try:
        said = edge.datapath.probe.probe(bytes.fromhex(request.packet))
    except ValueError as error:
        fault = Fault("packet", str(error), "give an Ethernet frame of at least 14 bytes in hexadecimal digits")
        raise Refused(Kind.BAD_REQUEST, "The frame cannot be run", [fault]) from error
    return Explained(
        answer=asdict(said),
        entry=_entry(edge, said.matched),
        other=None if said.side else _entry(edge, said.matched_otherwise),
        inside=_inside(said),
        serial=edge.list.state.local.serial,
    )


def registration(edge: Edge, request: ReadRegistration, _body: bytes) -> RegistrationRead:
    """Ask the feed by which registration it has a prefix."""
    try:
        prefix = asked_prefix(request.prefix)
    except BadValueError as error:
        raise Refused(Kind.INVALID, "The prefix is not understood", [Fault("prefix", error.why, error.mend)]) from error
    if edge.registrations is None:
        fault = Fault("feed.url", "no feed is followed, which would know of registrations", "see docs/feed.md")
        raise Refused(Kind.NOT_FOUND, "There is no registry", [fault])
    return RegistrationRead(registration=edge.registrations.of(prefix))


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


def _behind(edge: Edge, address: Address) -> list[Address]:
    """Return the addresses by which one is looked up: itself, and the IPv4 address inside a NAT64's prefix."""
    networks = [network for network in edge.config.nat64.networks if address in network]
    inner = [nat64.inside(address, network.prefixlen) for network in networks if address.version == 6]
    return [address, *inner[:1]]


def _inside(said: Answer) -> str | None:
    """Return the IPv4 address by which an end was found on the list, where it is inside that end's IPv6 address."""
    end = {"source": said.source, "destination": said.destination}.get(said.side or said.other or "")
    if end is None or not said.translated:
        return None
    address = ipaddress.ip_address(end.address)
    return str(nat64.inside(address, said.translated)) if address.version == 6 else None


def _entry(edge: Edge, prefix: Prefix | None) -> MatchedEntry | None:
    """Return the entry of a prefix, with what each list says of it."""
    entry = edge.list.state.union.find(prefix) if prefix else None
    if entry is None:
        return None
    lists = [_terms(source, listed) for source, listed in edge.list.state.union.at(entry.prefix)]
    return MatchedEntry(
        prefix=entry.text,
        protocols=list(entry.protocols),
        ports=[port_text(ports) for ports in entry.ports],
        note=entry.note,
        sources=[terms.source for terms in lists],
        lists=lists,
    )


def _terms(source: Source, entry: Entry) -> ListedTerms:
    return ListedTerms(
        source=source.value,
        protocols=list(entry.protocols),
        ports=[port_text(ports) for ports in entry.ports],
        note=entry.note,
    )
