"""Random UDP payloads by the hundred million: made in the kernel, and asked there what they are."""

import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from control.datapath import syscall
from control.datapath.controls import possible_cpus
from control.datapath.program.compile import compiled, source
from control.vocabulary import PROTOCOLS
from tests.fuzz.carriers import frame_head, ip4
from tests.fuzz.expectation import LENGTHS, OPENING, PORTS, expected, is_plausible
from tests.oracle import oracle

SOURCE = Path(__file__).with_name("payloads.c")
SEVERAL, ROOM = 64, 160  # as in payloads.c
BATCH = 500_000  # payloads between two looks at whether to stop
GOLDEN = 0x9E3779B97F4A7C15  # far apart begin the processors' generators


@dataclass(frozen=True)
class Taken:
    """What random payloads were taken for.

    Attributes:
        payloads: how many there were.
        seen, expected: of each protocol over UDP; what opens a session, and so would be refused, apart: "ike, opening".
    """

    payloads: int
    seen: dict[str, int]
    expected: dict[str, float]

    @property
    def implausible(self) -> list[str]:
        """What was seen too often, or not often enough; what is expected not at all is so when it is seen."""
        unexpected = [name for name, seen in self.seen.items() if seen and name not in self.expected]
        return unexpected + [name for name, mean in self.expected.items() if not is_plausible(self.seen[name], mean)]


NOTHING = Taken(0, {}, {})


def measure(payloads: int, seed: int, tell: Callable[[str], None]) -> Taken:
    """Ask the program's own inspect() about so many random payloads, on all processors."""
    text = "\n".join(["#include <uapi/linux/bpf.h>", source("classify.h"), SOURCE.read_text()])
    module = compiled(text)
    try:
        program = module.load_func("payloads", module.XDP).fd
        _begin(module, seed)
        done = _run(program, payloads, tell)
        counts = _of_all_processors(module["taken_for"].map_fd)
    finally:
        module.cleanup()
    if sum(counts) != done:
        raise RuntimeError(f"{done:,} payloads were made, and {sum(counts):,} counted")
    kinds = [f"{name}{opening}" for name in PROTOCOLS for opening in ("", OPENING)]
    seen = {kind: count for kind, count in zip(kinds, counts, strict=True) if not kind.startswith("none")}
    return Taken(done, seen, expected(done))


def _begin(module: Any, seed: int) -> None:
    """Give each processor's generator its beginning, and all of them the lists."""
    zero = np.zeros(1, np.uint32)
    begins = [(seed + 1) * GOLDEN ** (cpu + 2) % (1 << 64) for cpu in range(possible_cpus())]
    syscall.update(module["states"].map_fd, zero, np.array(begins, np.uint64))
    lists = np.array([np.resize(LENGTHS, SEVERAL), np.resize(PORTS, SEVERAL)], np.uint16)
    syscall.update(module["lists"].map_fd, zero, lists)


def _run(program: int, payloads: int, tell: Callable[[str], None]) -> int:
    """Run the program so many times, and return how many times it was; fewer when it is interrupted."""
    frame = frame_head(4, []) + ip4(oracle.UDP, bytes(8 + ROOM), length=0)
    batches = [BATCH] * (payloads // BATCH) + ([payloads % BATCH] if payloads % BATCH else [])
    done: list[int] = []
    failed: list[BaseException] = []
    stop = threading.Event()

    def work() -> None:
        output = np.zeros(1, np.uint64)
        try:
            while batches and not stop.is_set():
                batch = batches.pop()
                result, _ = syscall.test_run(program, frame, output, batch)
                if result == 0:
                    raise RuntimeError("the program that makes payloads was aborted")
                done.append(batch)
        except IndexError:
            return  # another took the last
        except BaseException as error:
            failed.append(error)
            stop.set()

    threads = [threading.Thread(target=work) for _ in os.sched_getaffinity(0)]
    for thread in threads:
        thread.start()
    try:
        while any(thread.is_alive() for thread in threads):
            threads[0].join(10)
            threads[-1].join(0.1)
            tell(f"{sum(done):,} random payloads")
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    if failed:
        raise failed[0]
    return sum(done)


def _of_all_processors(fd: int) -> list[int]:
    counts = []
    for index in range(len(PROTOCOLS) * 2):
        row = np.zeros(possible_cpus(), np.uint64)
        syscall.lookup(fd, np.array([index], np.uint32), row)
        counts.append(int(row.sum()))
    return counts
