"""Flows: what the program said of the packets between each two ends of a capture."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Protocol

from control.datapath.probe.answer import Answer, End
from control.replay.capture import DamagedCaptureError, NotACaptureError, packets
from control.replay.link import UnsupportedLinkError, ethernet_frame
from control.vocabulary import PROTOCOLS

NONE = PROTOCOLS[0]
TRUNCATED = "truncated"  # of control.vocabulary.REASONS
AT_A_TIME = 1024
"""Frames that are asked about together: asking may take a way through the agent."""


class Prober(Protocol):
    """Whoever runs the loaded program on frames."""

    def probe_all(self, frames: Sequence[bytes]) -> Iterable[Answer]:
        """Return the program's answers about Ethernet frames of 14 bytes or more, in order."""
        ...


@dataclass(slots=True)
class Flow:
    """The packets between two ends, counted.

    Attributes:
        ip_protocol: the number in the IP header, or in the last of IPv6's extension headers.
        a, b: the two ends, the lower one (address as a number, then port) first.
        protocols: packets by the VPN protocol that each was recognised as.
        opened: the protocol of the first handshake, if any was seen.
    """

    ip_protocol: int
    a: End
    b: End
    packets: int = 0
    handshakes: int = 0
    passed: int = 0
    dropped: int = 0
    protocols: Counter[str] = field(default_factory=Counter)
    opened: str | None = None

    @classmethod
    def between(cls, ip_protocol: int, one: End, other: End) -> "Flow":
        """Return a flow without packets."""
        lower, upper = sorted((one, other), key=lambda end: (int(ip_address(end.address)), end.port))
        return cls(ip_protocol, lower, upper)

    def add(self, answer: Answer) -> None:
        """Count a packet by the program's answer."""
        self.packets += 1
        if answer.verdict == "drop":
            self.dropped += 1
        else:
            self.passed += 1
        if answer.protocol != NONE:
            self.protocols[answer.protocol] += 1
        if answer.handshake:
            self.handshakes += 1
            self.opened = self.opened or answer.protocol

    @property
    def protocol(self) -> str:
        """The handshake's protocol, or that of the most packets; unrecognised ones have no say.

        Only the first packets of OpenVPN are recognised, and a capture may begin behind the handshake.
        """
        if self.opened or not self.protocols:
            return self.opened or NONE
        return self.protocols.most_common(1)[0][0]


Key = tuple[int, str, int, str, int]
"""Of a flow in one direction: the IP protocol, and address and port of the source and of the destination."""


@dataclass(slots=True)
class Replay:
    """One capture file, replayed.

    Attributes:
        flows: in the order of their first packets.
        strays: packets that belong to no IP flow: ARP and the like, later fragments, damaged headers.
        unread: what could not be read, a phrase each; empty when all was.
        is_capture: whether the file could be opened and is a capture.
    """

    path: Path
    flows: list[Flow] = field(default_factory=list)
    strays: int = 0
    unread: list[str] = field(default_factory=list)
    is_capture: bool = True


class _Flows:
    """The flows of one capture, each found by its key in either direction.

    Attributes:
        strays: packets that belong to none.
    """

    def __init__(self, prober: Prober) -> None:
        self.flows: list[Flow] = []
        self.strays = 0
        self._by_key: dict[Key, Flow] = {}
        self._prober = prober
        self._waiting: list[bytes] = []

    def take(self, frame: bytes) -> None:
        """Ask about a packet, by and by."""
        self._waiting.append(frame)
        if len(self._waiting) >= AT_A_TIME:
            self.ask()

    def ask(self) -> None:
        """Ask about the packets that wait, and count the answers."""
        waiting, self._waiting = self._waiting, []
        for answer in self._prober.probe_all(waiting) if waiting else ():
            key = key_of(answer)
            if key is None:
                self.strays += 1
            else:
                self.of(key).add(answer)

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


def replay(path: Path, prober: Prober) -> Replay:
    """Run the program on each packet of a capture file and count its answers by flow.

    Whatever is wrong with the file is told in the result, which holds what could be read.
    """
    result, flows = Replay(path), _Flows(prober)
    skipped: Counter[str] = Counter()
    try:
        for packet in packets(path):
            try:
                frame = ethernet_frame(packet.link, packet.content)
            except UnsupportedLinkError as error:
                skipped[str(error)] += 1
                continue
            flows.take(frame)
    except DamagedCaptureError as error:
        result.unread.append(str(error))
    except (NotACaptureError, OSError) as error:
        result.unread.append(getattr(error, "strerror", None) or str(error))
        result.is_capture = False
    flows.ask()
    result.flows.extend(flows.flows)
    result.strays = flows.strays
    result.unread.extend(f"{why}: {counted(count, 'packet')} skipped" for why, count in skipped.items())
    return result


def counted(count: int, what: str) -> str:
    """Return "1 packet", "2 packets"."""
    return f"{count} {what}" if count == 1 else f"{count} {what}s"
