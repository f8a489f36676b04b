"""Sampled packets, read from the kernel's ring buffer by mmap (kernel, Documentation/bpf/ringbuf.rst)."""

import mmap
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from control.allowlist import mapped
from control.datapath import syscall
from control.datapath.program.layout import structure
from control.vocabulary import PROTOCOLS, REASONS, VERDICTS

EVENT = structure("event")
HEADER = 8  # bytes before each record: its length, and where its page is
BUSY, DISCARDED = 1 << 31, 1 << 30  # BPF_RINGBUF_BUSY_BIT, BPF_RINGBUF_DISCARD_BIT, <linux/bpf.h>


@dataclass(frozen=True, slots=True)
class Event:
    """One sampled packet; see struct event of bpf/words.h for what is told of it and what never is.

    Attributes:
        seconds: CLOCK_MONOTONIC, some milliseconds coarse.
        address, port: the registered end, or where asked for the responder of an unregistered handshake.
        bytes: of the frame.
    """

    seconds: float
    protocol: str
    handshake: bool
    verdict: str
    reason: str
    address: str | None
    port: int
    bytes: int


class Events:
    """The reader of one ring; there can be one at a time, since reading consumes."""

    def __init__(self, ring: int) -> None:
        """``ring`` is a file descriptor of the map, which may be closed afterwards."""
        size = syscall.map_info(ring)[3]
        page = mmap.PAGESIZE
        self._mask = size - 1
        self._consumer = np.frombuffer(mmap.mmap(ring, page), np.uint64, 1)
        # The producer's position, and the data twice over, so that a record at the end is in one piece.
        pages = mmap.mmap(ring, page + 2 * size, prot=mmap.PROT_READ, offset=page)
        self._producer = np.frombuffer(pages, np.uint64, 1)
        self._data = memoryview(pages)[page:]

    def read(self) -> Iterator[Event]:
        """Yield what has been sampled since the last reading."""
        position = int(self._consumer[0])
        while position < int(self._producer[0]):
            start = position & self._mask
            length = int.from_bytes(self._data[start : start + 4], "little")
            if length & BUSY:
                return  # it is being written
            size = length & ~DISCARDED
            record = bytes(self._data[start + HEADER : start + HEADER + size])
            position += HEADER + -(-size // 8) * 8
            self._consumer[0] = position
            if not length & DISCARDED:
                yield _event(record)


def _event(record: bytes) -> Event:
    raw = np.frombuffer(record, EVENT, 1)[0]
    family = int(raw["family"])
    return Event(
        round(int(raw["time"]) / 1e9, 3),
        PROTOCOLS[raw["protocol"]],
        bool(raw["handshake"]),
        VERDICTS[raw["verdict"]],
        REASONS[raw["reason"]],
        str(mapped.address_of(raw["address"].tolist(), family)) if family else None,
        int(raw["port"]),
        int(raw["bytes"]),
    )
