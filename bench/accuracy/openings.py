"""Which labelled flows can be asked of a classifier at all: does the capture hold what they are told by?

Most protocols say in every packet what they are. OpenVPN does so in its first packets alone, and PPTP's control
connection at the boundaries of its messages, which a reader who comes late does not know. So it is looked whether the
packets of such a flow hold an opening, by the opcode alone: as the label says already what the flow is, nothing more
needs to be told from it, and the exact forms that the program checks are no part of the question.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from ipaddress import ip_address
from pathlib import Path

from bench.accuracy.corpus import FlowName
from bench.accuracy.segments import TCP, End, Segment, segments

OPENING_OPCODES = (1, 2, 7, 8, 10)
"""P_CONTROL_HARD_RESET_ of client and server, versions 1 to 3 (OpenVPN, ssl_pkt.h), with key id 0."""
PPTP_MAGIC = bytes.fromhex("1a2b3c4d")  # RFC 2637, 2


def without_opening(root: Path, flows: Iterable[tuple[FlowName, str]]) -> set[FlowName]:
    """Return those of labelled flows, given with their protocols, whose captures hold nothing that they are told by."""
    asked = {flow: protocol for flow, protocol in flows if protocol in ("openvpn", "pptp")}
    return {flow for flow, found in _by_flow(root, asked) if not _holds_opening(asked[flow], found)}


def cut(root: Path, flows: Iterable[FlowName]) -> set[FlowName]:
    """Return those of flows of which packets were cut when captured."""
    return {
        flow for flow, found in _by_flow(root, flows) if any(len(segment.payload) < segment.length for segment in found)
    }


def name_of(origin: str, file: str, segment: Segment) -> FlowName:
    """Return the flow that a segment of a capture belongs to."""
    a, b = sorted((segment.source, segment.destination), key=lambda end: (int.from_bytes(end.address), end.port))
    ends = str(ip_address(a.address)), a.port, str(ip_address(b.address)), b.port
    return FlowName(origin, file, segment.ip_proto, *ends)


def _by_flow(root: Path, flows: Iterable[FlowName]) -> Iterator[tuple[FlowName, list[Segment]]]:
    """Yield each flow with its segments, none if the capture has none."""
    by_capture: dict[str, list[FlowName]] = defaultdict(list)
    for flow in flows:
        by_capture[flow.capture].append(flow)
    for capture, wanted in by_capture.items():
        found: dict[FlowName, list[Segment]] = {flow: [] for flow in wanted}
        for segment in segments(root / capture):
            name = name_of(wanted[0].origin, wanted[0].file, segment)
            if name in found:
                found[name].append(segment)
        yield from found.items()


def _holds_opening(protocol: str, found: list[Segment]) -> bool:
    if protocol == "pptp":
        return any(message[2:8] == b"\0\x01" + PPTP_MAGIC for stream in streams(found) for message in messages(stream))
    datagrams = [segment.payload for segment in found if segment.ip_proto != TCP]
    records = [record for stream in streams(found) for record in records_of(stream)]
    return any(opcode << 3 == packet[0] for packet in (*datagrams, *records) if packet for opcode in OPENING_OPCODES)


def streams(found: Iterable[Segment]) -> Iterator[bytes]:
    """Yield what the receiver of each direction of a TCP connection reads, up to the first gap.

    Where bytes come twice the first ones stay, as RFC 9293, 3.10.7.4, has it.
    """
    by_direction: dict[tuple[End, End], list[Segment]] = defaultdict(list)
    for segment in found:
        if segment.ip_proto == TCP and (segment.payload or segment.opens):
            by_direction[segment.source, segment.destination].append(segment)
    for direction in by_direction.values():
        first = next((segment for segment in direction if segment.opens), direction[0]).sequence
        stream = b""
        for segment in sorted(direction, key=lambda segment: (segment.sequence - first + (1 << 31)) % (1 << 32)):
            at = (segment.sequence - first + (1 << 31)) % (1 << 32) - (1 << 31)
            if at > len(stream):
                break
            if at + len(segment.payload) > len(stream) and at >= 0:
                stream += segment.payload[len(stream) - at :]
        yield stream


def records_of(stream: bytes) -> Iterator[bytes]:
    """Yield the packets of OpenVPN in a TCP stream, each behind two bytes of length; the last may be cut."""
    at = 0
    while len(stream) >= at + 3:
        length = int.from_bytes(stream[at : at + 2], "big")
        yield stream[at + 2 : at + 2 + length]
        at += 2 + length


def messages(stream: bytes) -> Iterator[bytes]:
    """Yield the messages of PPTP's control connection, each with the two bytes of its length."""
    at = 0
    while len(stream) >= at + 8:
        length = int.from_bytes(stream[at : at + 2], "big")
        yield stream[at : at + length]
        at += max(length, 1)
