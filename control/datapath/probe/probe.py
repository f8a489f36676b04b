"""Asks the program itself about a packet, by BPF_PROG_TEST_RUN: what explain, replay and check are made of.

The program has a second entry for that, with the same steps and the same maps: it counts nothing, marks nothing as
seen, and puts its answer in front of the packet.
"""

import threading
from collections.abc import Iterable, Iterator

import numpy as np

from control.datapath import syscall
from control.datapath.probe.answer import ANSWER, Answer, answer_of

ETHERNET_HEADER = 14  # bytes; the kernel refuses to run a shorter frame
MOST = 3520  # bytes of a frame that fit a page beside its head- and tailroom


class Probe:
    """Runs one loaded program on frames; safe for several threads."""

    def __init__(self, program: int) -> None:
        """``program`` is a file descriptor of ``Pinned.asked``, which stays the caller's."""
        self._program = program
        self._raw = np.zeros(1, ANSWER)
        self._lock = threading.Lock()

    def probe(self, frame: bytes) -> Answer:
        """Return the program's answer about an Ethernet frame, of which it sees the first 3520 bytes.

        Raises:
            ValueError: the frame is shorter than an Ethernet header.
        """
        _demand_header(frame)
        with self._lock:
            syscall.test_run(self._program, frame[:MOST], self._raw)
            return answer_of(self._raw[0], frame)

    def probe_all(self, frames: Iterable[bytes]) -> Iterator[Answer]:
        """Yield the program's answers about frames, as ``probe`` gives them.

        Raises:
            ValueError: as ``probe`` does.
        """
        return map(self.probe, frames)

    def probe_raw(self, frames: Iterable[bytes]) -> bytes:
        """Return the program's answers about frames as it gives them: a record of ``ANSWER`` for each.

        Raises:
            ValueError: a frame is shorter than an Ethernet header.
        """
        answers = []
        for frame in frames:
            _demand_header(frame)
            with self._lock:
                syscall.test_run(self._program, frame[:MOST], self._raw)
                answers.append(self._raw.tobytes())
        return b"".join(answers)


def _demand_header(frame: bytes) -> None:
    if len(frame) < ETHERNET_HEADER:
        raise ValueError(f"a frame of {len(frame)} bytes is shorter than an Ethernet header")
