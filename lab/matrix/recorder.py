"""What crosses the edge, recorded there by tcpdump, and taken apart by the peers of each row."""

from __future__ import annotations

import ipaddress
import struct
import time
from collections.abc import Iterable
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from control.replay.capture import packets
from lab.network import Peers
from lab.stage.addresses import SUBSCRIBER
from lab.stage.stage import Stage
from lab.waiting import wait_until_ready

_READY = "listening on"  # what tcpdump says when it is
_QUIET_SECONDS = 0.3
_TCP = 6
# Of a frame, by ethertype: where the protocol stands, where the two addresses, and how long each is.
_IP = {0x0800: (23, 26, 4), 0x86DD: (20, 22, 16)}


@dataclass(frozen=True)
class Frame:
    """An Ethernet frame, and whether it goes to the server."""

    content: bytes
    to_server: bool


class Recorder:
    """Records on the subscriber's side of the edge while its context is entered."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._file = stage.directory / "matrix.pcap"

    def __enter__(self) -> Self:
        words = (
            "-i",
            SUBSCRIBER.router_interface,
            "--immediate-mode",
            "-s",
            "0",
            "-U",
            "-Z",
            "root",
            "-B",
            "16384",
            "-w",
            str(self._file),
        )
        self._tcpdump = self._stage.spawn(self._stage.edge, "tcpdump", *words, "not icmp and not icmp6", log="tcpdump")
        said = self._stage.log_path("tcpdump")
        wait_until_ready([self._tcpdump], lambda: _READY in said.read_text(), "tcpdump listens")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        size = -1
        while size != (size := self._file.stat().st_size):  # it forgets what it has not read yet
            time.sleep(_QUIET_SECONDS)
        self._stage.end(self._tcpdump)

    def of(self, peers: Iterable[Peers]) -> dict[Peers, list[Frame]]:
        """All frames between two peers, in order; asked after the context."""
        found: dict[Peers, list[Frame]] = {each: [] for each in peers}
        ways = {(each.client, each.server): found[each] for each in found}
        for packet in packets(self._file):
            source, target = _ends(packet.content)
            if (source, target) in ways:
                ways[source, target].append(Frame(packet.content, to_server=True))
            elif (target, source) in ways:
                ways[target, source].append(Frame(packet.content, to_server=False))
        return found


def first_of_client(frames: Iterable[Frame]) -> bytes:
    """The client's first frame with anything for the server in it: not one of TCP's own; b"" where there is none."""
    return next((frame.content for frame in frames if frame.to_server and not is_tcps_own(frame.content)), b"")


def is_tcps_own(frame: bytes) -> bool:
    """Whether it is a TCP segment without a payload."""
    (kind,) = struct.unpack_from("!H", frame, 12)
    if frame[_IP[kind][0]] != _TCP:
        return False
    header = 14 + (40 if kind == 0x86DD else 4 * (frame[14] & 15))
    length = 14 + (40 + int.from_bytes(frame[18:20]) if kind == 0x86DD else int.from_bytes(frame[16:18]))
    return header + 4 * (frame[header + 12] >> 4) >= length


def _ends(frame: bytes) -> tuple[str, str]:
    """Source and destination, as text; empty when it is not IP."""
    (kind,) = struct.unpack_from("!H", frame, 12)
    if kind not in _IP:
        return "", ""
    _, at, size = _IP[kind]
    ends = frame[at : at + size], frame[at + size : at + 2 * size]
    source, target = (str(ipaddress.ip_address(end)) for end in ends)
    return source, target
