"""Captures, replayed: what the program says of each packet, counted by flow."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple, Protocol

from control.datapath.probe.answer import Answer, End
from control.replay.capture import CaptureSource, DamagedCaptureError, NotACaptureError, Stream, packets
from control.replay.flow import NONE, Flow
from control.replay.link import UnsupportedLinkError, ethernet_frame
from control.vocabulary import REFUSABLE

TRUNCATED = "truncated"  # of control.vocabulary.REASONS
PORT_BYTES = 2  # of TCP and UDP, which begin with the two
AT_A_TIME = 1024
"""Frames that are asked about together: asking may take a way through the agent."""


class Prober(Protocol):
    """Whoever runs the loaded program on frames."""

    def probe_all(self, frames: Sequence[bytes]) -> Iterable[Answer]:
        """Return the program's answers about Ethernet frames of 14 bytes or more, in order."""
        ...


class AsIfEnforced:
    """Answers as the program would, were every protocol enforced for all flows: by the reasons that it gives."""

    def __init__(self, prober: Prober) -> None:
        self._prober = prober

    def probe_all(self, frames: Sequence[bytes]) -> Iterator[Answer]:
        """Yield the answers, each with the verdict that it would have."""
        for answer in self._prober.probe_all(frames):
            verdict = "drop" if answer.reason in REFUSABLE else "pass"
            yield answer if answer.verdict == verdict else replace(answer, verdict=verdict)


Key = tuple[int, str, int, str, int]
"""Of a flow in one direction: the IP protocol, and address and port of the source and of the destination."""


@dataclass(slots=True)
class Replay:
    """One capture, replayed.

    Attributes:
        name: of the file, or of the stream.
        flows: in the order of their first packets.
        strays: packets that belong to no IP flow: ARP and the like, later fragments, damaged headers.
        cut: packets read, in flows and outside, of which the capture has less than the wire had.
        unread: what could not be read, a phrase each; empty when all was.
        unread_packets: how many packets the file has of which no frame could be made.
        is_capture: whether the file could be opened and is a capture.
    """

    name: str
    flows: list[Flow] = field(default_factory=list)
    strays: int = 0
    cut: int = 0
    unread: list[str] = field(default_factory=list)
    unread_packets: int = 0
    is_capture: bool = True

    @property
    def in_flows(self) -> int:
        """Packets that belong to a flow."""
        return sum(flow.packets for flow in self.flows)

    @property
    def read(self) -> int:
        """Packets that the program was asked about."""
        return self.in_flows + self.strays

    @property
    def is_unreadable(self) -> bool:
        """Whether there was something to read, and none of it could be."""
        return bool(self.unread) and not self.read


class _Asked(NamedTuple):
    """A packet that the program is asked about, and whether the capture has cut it."""

    frame: bytes
    is_cut: bool


class _Flows:
    """The flows of one capture, each found by its key in either direction.

    Attributes:
        strays: packets that belong to none.
        cut: packets that the capture has cut.
    """

    def __init__(self, prober: Prober) -> None:
        self.flows: list[Flow] = []
        self.strays = self.cut = 0
        self._by_key: dict[Key, Flow] = {}
        self._prober = prober
        self._waiting: list[_Asked] = []

    def take(self, frame: bytes, *, is_cut: bool) -> None:
        """Ask about a packet, by and by."""
        self._waiting.append(_Asked(frame, is_cut))
        if len(self._waiting) >= AT_A_TIME:
            self.ask()

    def ask(self) -> None:
        """Ask about the packets that wait, and count the answers."""
        waiting, self._waiting = self._waiting, []
        if not waiting:
            return
        answers = self._prober.probe_all([asked.frame for asked in waiting])
        for (frame, is_cut), answer in zip(waiting, answers, strict=True):
            if is_cut:
                self._take_cut(frame, answer)
            elif (key := key_of(answer)) is None:
                self.strays += 1
            else:
                self.of(key).add(answer)

    def _take_cut(self, frame: bytes, answer: Answer) -> None:
        self.cut += 1
        key = key_of(_with_ports(answer, frame))
        if key is None:
            self.strays += 1
            return
        flow = self.of(key)
        flow.add(answer)
        flow.cut += 1
        flow.unjudged += answer.protocol == NONE and answer.short_read

    def of(self, key: Key) -> Flow:
        """Return the flow of a packet, which may be its first."""
        flow = self._by_key.get(key)
        if flow is None:
            ip_protocol, source, source_port, destination, destination_port = key
            flow = Flow.between(ip_protocol, End(source, source_port), End(destination, destination_port))
            self.flows.append(flow)
            self._by_key[key] = flow
            self._by_key[ip_protocol, destination, destination_port, source, source_port] = flow
        return flow


def key_of(answer: Answer) -> Key | None:
    """Return whose packet the program found it to be; None: no IP, a later fragment, headers cut off or damaged."""
    source, destination = answer.source, answer.destination
    if source is None or destination is None or not answer.payload_offset:
        return None
    if answer.reason == TRUNCATED and not (source.port or destination.port):
        return None  # the ports of TCP or UDP are beyond the end
    return answer.ip_protocol, source.address, source.port, destination.address, destination.port


def _with_ports(answer: Answer, frame: bytes) -> Answer:
    """Return the answer about a cut packet with its ports, which a frame may have that ends inside its TCP header.

    The program reads a TCP or UDP header whole or not at all.
    """
    at, source, destination = answer.payload_offset, answer.source, answer.destination
    if answer.reason != TRUNCATED or not at or source is None or destination is None or source.port or destination.port:
        return answer
    first, second = frame[at : at + PORT_BYTES], frame[at + PORT_BYTES : at + 2 * PORT_BYTES]
    if len(second) < PORT_BYTES:
        return answer
    ends = End(source.address, int.from_bytes(first)), End(destination.address, int.from_bytes(second))
    return replace(answer, source=ends[0], destination=ends[1])


def replay(source: CaptureSource, prober: Prober) -> Replay:
    """Run the program on each packet of a capture and count its answers by flow.

    Whatever is wrong with the file is told in the result, which holds what could be read.
    """
    result, flows = Replay(source.name if isinstance(source, Stream) else str(source)), _Flows(prober)
    skipped: Counter[str] = Counter()
    try:
        for packet in packets(source):
            try:
                frame = ethernet_frame(packet.link, packet.content)
            except UnsupportedLinkError as error:
                skipped[str(error)] += 1
                continue
            flows.take(frame, is_cut=packet.is_cut)
    except DamagedCaptureError as error:
        result.unread.append(str(error))
    except (NotACaptureError, OSError) as error:
        result.unread.append(getattr(error, "strerror", None) or str(error))
        result.is_capture = False
    flows.ask()
    result.flows.extend(flows.flows)
    result.strays, result.cut, result.unread_packets = flows.strays, flows.cut, skipped.total()
    result.unread.extend(f"{why}: {counted(count, 'packet')} skipped" for why, count in skipped.items())
    return result


def counted(count: int, what: str) -> str:
    """Return "1 packet", "2 packets"."""
    return f"{count} {what}" if count == 1 else f"{count} {what}s"
