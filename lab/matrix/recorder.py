"""What crosses the edge, recorded there by tcpdump, and taken apart by the peers of each row."""

from __future__ import annotations

import time
from collections.abc import Iterable
from types import TracebackType
from typing import Self

from control.replay.capture import packets
from lab.matrix.frame import Frame, headers
from lab.network import Peers
from lab.stage.addresses import SUBSCRIBER
from lab.stage.stage import Stage
from lab.waiting import wait_until_ready

_READY = "listening on"  # what tcpdump says when it is
_QUIET_SECONDS = 0.3


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
            if (read := headers(packet.content)) is None:
                continue
            if (read.source, read.target) in ways:
                ways[read.source, read.target].append(Frame(packet.content, to_server=True))
            elif (read.target, read.source) in ways:
                ways[read.target, read.source].append(Frame(packet.content, to_server=False))
        return found
