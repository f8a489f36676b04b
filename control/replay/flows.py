"""Flows: what the program said of the packets between each two ends of a capture."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from control.replay.capture import DamagedError, NotACaptureError, packets
from control.replay.ends import Ends, ends
from control.replay.link import UnsupportedLinkError, ethernet_frame
from control.vocabulary import PROTOCOLS

NONE = PROTOCOLS[0]


class Answer(Protocol):
    """What the program says of a packet, in the words of ``control.vocabulary``."""

    @property
    def protocol(self) -> str: ...  # noqa: D102
    @property
    def handshake(self) -> bool: ...  # noqa: D102
    @property
    def verdict(self) -> str: ...  # noqa: D102
    @property
    def reason(self) -> str: ...  # noqa: D102


class Prober(Protocol):
    """Whoever runs the loaded program on a frame."""

    def probe(self, frame: bytes) -> Answer:
        """Return the program's answer about an Ethernet frame of 14 bytes or more."""
        ...


@dataclass(slots=True)
class Flow:
    """The packets between two ends, counted.

    Attributes:
        protocols: packets by the VPN protocol that each was recognised as.
        opened: the protocol of the first handshake, if any was seen.
    """

    ends: Ends
    packets: int = 0
    handshakes: int = 0
    passed: int = 0
    dropped: int = 0
    protocols: Counter[str] = field(default_factory=Counter)
    opened: str | None = None

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


def replay(path: Path, prober: Prober) -> Replay:
    """Run the program on each packet of a capture file that belongs to an IP flow.

    Whatever is wrong with the file is told in the result, which holds what could be read.
    """
    result = Replay(path)
    flows: dict[Ends, Flow] = {}
    skipped: Counter[str] = Counter()
    try:
        for packet in packets(path):
            try:
                frame = ethernet_frame(packet.link, packet.content)
            except UnsupportedLinkError as error:
                skipped[str(error)] += 1
                continue
            key = ends(frame)
            if key is None:
                result.strays += 1
                continue
            flow = flows.get(key) or flows.setdefault(key, Flow(key))
            flow.add(prober.probe(frame))
    except DamagedError as error:
        result.unread.append(str(error))
    except (NotACaptureError, OSError) as error:
        result.unread.append(getattr(error, "strerror", None) or str(error))
        result.is_capture = False
    result.flows.extend(flows.values())
    result.unread.extend(f"{why}: {counted(count, 'packet')} skipped" for why, count in skipped.items())
    return result


def counted(count: int, what: str) -> str:
    """Return "1 packet", "2 packets"."""
    return f"{count} {what}" if count == 1 else f"{count} {what}s"
