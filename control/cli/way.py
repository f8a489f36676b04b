"""In words: the way that one packet took through the program, and why it came out as it did."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any

from control.commands.packets import Explained, ListedTerms, MatchedEntry
from control.protocols import leading

LOCAL, FEED = "local", "feed"
IN_WORDS = {LOCAL: "local list", FEED: "feed's list"}
"""The two lists by the names that ``sources`` has for them."""

BROADCAST = "255.255.255.255"


@dataclass(frozen=True, slots=True)
class AskedPacket:
    """A packet that is asked about.

    Attributes:
        frame: what is there of it.
        length: bytes that it had on the wire, where a capture says so; None: not known.
    """

    frame: bytes
    length: int | None = None

    @property
    def is_cut(self) -> bool:
        """Whether it was cut when it was captured."""
        return self.length is not None and len(self.frame) < self.length


def announced(given: AskedPacket, said: dict[str, Any]) -> int | None:
    """Return how many bytes the frame has by its IP header (RFC 791, section 3.1; RFC 8200, section 3).

    None where no such header is whole, or where it does not say: a jumbogram's length is behind it (RFC 2675).
    """
    begin, family = said["ip_offset"], said["family"]
    header = given.frame[begin : begin + (4 if family == 4 else 6)]
    if not family or len(header) < (4 if family == 4 else 6):
        return None
    length = int.from_bytes(header[2:4] if family == 4 else header[4:6], "big")
    return begin + length + (40 if family == 6 else 0) if length else None


def is_known(given: AskedPacket, said: dict[str, Any]) -> bool:
    """Say whether the program has seen enough of a packet: what it wanted of one that is cut, nobody knows."""
    wants_more = bool(said["short_read"]) or said["reason"] == "truncated"
    is_short = given.is_cut or (announced(given, said) or 0) > len(given.frame)
    return not (wants_more and is_short)


def way(given: AskedPacket, result: Explained, registrations: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield the steps, each with what it found; ``registrations`` are words on that of each prefix of the feed's."""
    said = result.answer
    if given.is_cut:
        yield "capture", f"the packet was cut when it was captured: {_of_its_bytes(given)}"
    yield "parse", _headers(said)
    if (whole := announced(given, said) or 0) > len(given.frame) and not given.is_cut:
        yield "", f"the frame is shorter than its IP header announces: {len(given.frame)} of {whole} bytes"
    if not is_known(given, said):
        yield "classify", f"unknown: {_has(given, said)}; what it is cannot be known"
        yield "verdict", "unknown"
        return
    yield "classify", f"{_what(said)}{', opens a session' if said['handshake'] else ''}"
    if said["protocol"] != "none":
        yield "look up", found(result)
        for entry in (result.entry, result.other):
            if entry:
                yield "listed", by_lists(entry, registrations)
        if said["reason"] == "local":
            yield "decide", why_local(said)
        elif said["share"]:
            yield "decide", f"the flow is enforced from a share of {said['share']} % on"
    yield "verdict", f"{said['verdict']}: {said['reason']}"


def found(result: Explained) -> str:
    """Return what the look-up found: the entry that lets it through, one that is for something else, or none."""
    said, entry = result.answer, result.entry
    inside = f" by the IPv4 address {result.inside} inside the NAT64 prefix" if result.inside else ""
    if said["side"]:
        where = "exact set" if said["exact_set"] else f"hash map, prefix length {said['prefix_length']}"
        what = f"{entry.prefix}{_note(entry)}" if entry else "an entry that is being changed"
        return f"the {said['side']} is on the list{inside}: {what}, in the {where}"
    if said["other"]:
        return f"{_for_others(result)}{inside and f'; found{inside}'}"
    return f"neither side is on the list (serial {result.serial})"


def by_lists(entry: MatchedEntry, registrations: Mapping[str, str]) -> str:
    """Return which list has an entry, by which registration, and for what each has it."""
    told = {FEED: f" ({registrations[entry.prefix]})" if entry.prefix in registrations else ""}
    return "; ".join(
        f"{IN_WORDS.get(each.source, each.source)}{told.get(each.source, '')}: {terms(each)}" for each in entry.lists
    )


def terms(each: ListedTerms) -> str:
    """Return what a list has an entry for: "openvpn and ike on port 1194"."""
    if not each.protocols:
        return _ports(each.ports) or "everything"
    return _uses(each.protocols, each.ports)


def uses(protocols: Mapping[str, Sequence[str]]) -> str:
    """Return protocols with their ports, those of the same ports together."""
    together: dict[tuple[str, ...], list[str]] = {}
    for protocol, ports in protocols.items():
        together.setdefault(tuple(ports), []).append(protocol)
    return "; ".join(_uses(names, ports) for ports, names in together.items())


def _uses(protocols: Sequence[str], ports: Sequence[str]) -> str:
    return f"{_and(leading(protocols))}{f' on {_ports(ports)}' if ports else ''}"


def _ports(ports: Sequence[str]) -> str:
    if not ports:
        return ""
    return f"port{'s' if len(ports) > 1 or '-' in ports[0] else ''} {_and(ports)}"


def why_local(said: dict[str, Any]) -> str:
    """Return which end is the network's own, so that the packet is never refused."""
    for side in ("destination", "source"):  # as the program asks
        end = said[side]
        if end and (kind := _kind(end["address"])):
            return f"the {side} {end['address']} is {kind}: never refused"
    return "an end is one of the router's own addresses: never refused"


def _kind(address: str) -> str | None:
    """Return what kind of address no router forwards to (RFC 5771, RFC 3927, RFC 919; RFC 4291)."""
    read = ip_address(address)
    if read.is_multicast:
        return "multicast"
    return "link-local" if read.is_link_local else "broadcast" if address == BROADCAST else None


def _for_others(result: Explained) -> str:
    """Return that an end is on the list for something else, and what this is."""
    said, entry = result.answer, result.other
    end = said[said["other"]]
    address = result.inside or end["address"]
    if entry is None:
        return f"{address} is on the list for something else, by an entry that is being changed"
    named = [each for each in (None if entry.prefix == address else f"in {entry.prefix}", entry.note) if each]
    who = f"{address} ({', '.join(named)})" if named else address
    is_protocol_listed = any(not each.protocols or said["protocol"] in each.protocols for each in entry.lists)
    this = f"port {end['port']}" if is_protocol_listed else said["protocol"]
    return f"{who} is on the list, for {', or '.join(map(terms, entry.lists)) or 'something else'}; this is {this}"


def _headers(said: dict[str, Any]) -> str:
    if not said["family"]:
        return "no IP header"
    source, destination = (said[side] or {"port": 0} for side in ("source", "destination"))
    ports = f", port {source['port']} to {destination['port']}" if destination["port"] else ""
    return (
        f"IPv{said['family']} at byte {said['ip_offset']}, protocol {said['ip_protocol']}{ports}, "
        f"{said['payload_length']} bytes of payload at byte {said['payload_offset']}"
    )


def _what(said: dict[str, Any]) -> str:
    return str(said["protocol"]) if said["protocol"] != "none" else "no VPN protocol"


def _has(given: AskedPacket, said: dict[str, Any]) -> str:
    return (
        f"the capture has {_of_its_bytes(given)}"
        if given.is_cut
        else (f"the frame has {len(given.frame)} of {announced(given, said)} bytes")
    )


def _of_its_bytes(given: AskedPacket) -> str:
    return f"{len(given.frame)} of {given.length} bytes"


def _note(entry: MatchedEntry) -> str:
    return f" ({entry.note})" if entry.note else ""


def _and(words: Sequence[str]) -> str:
    return " and ".join(part for part in (", ".join(words[:-1]), words[-1]) if part)


def noted(entries: Iterable[MatchedEntry], registrations: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield each entry once, with its note and for what each list has it."""
    for prefix, entry in {entry.prefix: entry for entry in entries}.items():
        yield f"{prefix}{_note(entry)}", by_lists(entry, registrations)
