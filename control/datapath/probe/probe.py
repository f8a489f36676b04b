"""Asks the program itself about a packet, by BPF_PROG_TEST_RUN: what explain, replay and check are made of.

A test run's device is the loopback, by which the program knows it: it counts nothing, marks nothing as seen,
and puts its answer in front of the packet.
"""

import threading
from dataclasses import dataclass

import numpy as np

from control.datapath import syscall
from control.datapath.program.layout import structure
from control.vocabulary import PROTOCOLS, REASONS, VERDICTS

ETHERNET_HEADER = 14  # bytes; the kernel refuses to run a shorter frame
MOST = 3520  # bytes of a frame that fit a page beside its head- and tailroom

ENDS = (None, "source", "destination")


@dataclass(frozen=True, slots=True)
class Answer:
    """What the program said of one packet.

    Attributes:
        protocol, verdict, reason: names of control.vocabulary.
        handshake: whether the packet opens a session.
        end: the registered end, "source" or "destination", or None.
        prefix_length: of the entry that matched, in its family's own count; 0: none did.
        narrowed: whether that entry allows only some protocols or ports.
        exact_set: whether it stands in the exact set, not in the hash map.
        family: 4, 6, or 0 where no IP header was read.
        ip_protocol, source_port, destination_port: as the headers have them.
        ip_offset, payload_offset: in the frame, bytes.
        payload_length: as the headers announce it, bytes.
        share: from which share of flows on, 1 to 100 %, an unregistered one is enforced; 0: registered.
        generation: the slot of the live list.
    """

    protocol: str
    handshake: bool
    verdict: str
    reason: str
    end: str | None
    prefix_length: int
    narrowed: bool
    exact_set: bool
    family: int
    ip_protocol: int
    source_port: int
    destination_port: int
    ip_offset: int
    payload_offset: int
    payload_length: int
    share: int
    generation: int


class Probe:
    """Runs one loaded program on frames; safe for several threads."""

    def __init__(self, program: int) -> None:
        """``program`` is a file descriptor, which stays the caller's."""
        self._program = program
        self._raw = np.zeros(1, structure("answer"))
        self._lock = threading.Lock()

    def probe(self, frame: bytes) -> Answer:
        """Return the program's answer about an Ethernet frame, of which it sees the first 3520 bytes.

        Raises:
            ValueError: the frame is shorter than an Ethernet header.
        """
        if len(frame) < ETHERNET_HEADER:
            raise ValueError(f"a frame of {len(frame)} bytes is shorter than an Ethernet header")
        with self._lock:
            syscall.test_run(self._program, frame[:MOST], self._raw)
            raw = self._raw[0].item()
        return _answer(*raw)


def _answer(
    protocol: int, handshake: int, verdict: int, reason: int, family: int, ip_protocol: int, side: int, length: int,
    rules: int, bucket: int, share: int, _spare: int, source_port: int, destination_port: int, ip_offset: int,
    payload_offset: int, payload_length: int, generation: int, _spare2: int,
) -> Answer:  # fmt: skip
    own_length = length - 96 if length and family == 4 else length
    return Answer(
        PROTOCOLS[protocol], bool(handshake), VERDICTS[verdict], REASONS[reason], ENDS[side], own_length, rules > 0,
        bool(bucket), family, ip_protocol, source_port, destination_port, ip_offset, payload_offset, payload_length,
        share, generation,
    )  # fmt: skip
