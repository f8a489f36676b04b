"""The loaded program, run on frames as fast as Python can, and all that comes back looked at."""

import ctypes
import struct
from typing import NamedTuple

import numpy as np

from control.datapath import syscall
from control.datapath.probe.answer import ANSWER
from control.vocabulary import PROTOCOLS, REASONS, VERDICTS
from tests.fuzz.mutations import MOST
from tests.oracle.said import Said

ABORTED, DROP, PASS = 0, 1, 2  # enum xdp_action, <linux/bpf.h>
NONE = PROTOCOLS.index("none")
_FIELDS = [dict(ANSWER.fields or {})[name][1] for name in ("protocol", "handshake", "verdict", "reason")]


class Ran(NamedTuple):
    """What came of a frame.

    Attributes:
        said: what the program said it is, in the oracle's words.
        verdict: by its answer.
        action: what it returned, of enum xdp_action.
        is_same: the frame came back as it went in.
    """

    said: Said
    verdict: str
    action: int
    is_same: bool


class Runner:
    """Runs a program by BPF_PROG_TEST_RUN; one for each process.

    `Probe` makes of each answer an object, and lets the frame go: that is three times as slow, and not all that there
    is to see here.
    """

    def __init__(self, program: int) -> None:
        """``program`` is a file descriptor, which stays the caller's."""
        self._frame = ctypes.create_string_buffer(MOST)
        self._output = ctypes.create_string_buffer(ANSWER.itemsize + MOST)
        self._words = np.zeros(syscall.ATTRIBUTES // 4, np.uint32)  # union bpf_attr
        self._attributes = ctypes.c_void_p(syscall.pointer(self._words))
        # struct bpf_attr's `test`: program, result, bytes in and out, both buffers, repetitions.
        head = program, 0, 0, 0, ctypes.addressof(self._frame), ctypes.addressof(self._output), 1
        beginning = np.frombuffer(struct.pack("IIIIQQI", *head), np.uint32)
        self._words[: len(beginning)] = beginning
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._said = {
            (protocol, handshake, reason): Said(
                PROTOCOLS[protocol], bool(handshake), REASONS[reason] if protocol == NONE else ""
            )
            for protocol in range(len(PROTOCOLS))
            for handshake in (0, 1)
            for reason in range(len(REASONS))
        }

    def run(self, frame: bytes) -> Ran:
        """Run the program on a frame.

        Raises:
            OSError: the kernel refused, or the run was not to its end.
        """
        output = self._output_of(frame)
        protocol, handshake, verdict, reason = (output[at] for at in _FIELDS)
        said = self._said[protocol, handshake, reason]
        return Ran(said, VERDICTS[verdict], int(self._words[1]), output[ANSWER.itemsize :] == frame)

    def answer(self, frame: bytes) -> tuple[int, bytes]:
        """Run the program on a frame; return what it returned, and its answer as it gives it.

        Raises:
            OSError: as ``run`` does.
        """
        answer = self._output_of(frame)[: ANSWER.itemsize]
        return int(self._words[1]), answer

    def _output_of(self, frame: bytes) -> bytes:
        size = len(frame)
        ctypes.memmove(self._frame, frame, size)
        self._words[2], self._words[3] = size, ANSWER.itemsize + MOST
        if self._libc.syscall(syscall.SYS_BPF, syscall.PROG_TEST_RUN, self._attributes, _SIZE) < 0:
            raise OSError(ctypes.get_errno(), f"the kernel does not run the program on {frame.hex()}")
        return ctypes.string_at(self._output, int(self._words[3]))


_SIZE = 72
"""Bytes of struct bpf_attr's `test` that kernels from 5.18 on know."""
