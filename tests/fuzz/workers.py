"""Frames on all processors: each worker draws its own, runs both on them, and shrinks what it finds."""

import multiprocessing
import os
import queue
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from multiprocessing.process import BaseProcess
from pathlib import Path
from random import Random
from typing import Any

from control.datapath import syscall
from tests.fuzz import carriers, packets
from tests.fuzz.judging import Finding, judge
from tests.fuzz.mutations import fitting, mutated
from tests.fuzz.program import Runner
from tests.fuzz.shrinking import shrunk
from tests.fuzz.sweeps import sweep
from tests.oracle.oracle import say

BATCH = 2000  # frames between two looks at the clock
BETWEEN_TELLING = 20.0  # s
MOST_FINDINGS = 20  # of a worker; then there is enough to mend first
PATIENCE = 60.0  # s, for the workers to end
SWEPT = 2  # frames of the sweep between four that are drawn
COUNTED = 50  # one frame in so many is asked once more what it was, for the summary

_together = multiprocessing.get_context("spawn")  # a fork of a process that has threads may hang


@dataclass(frozen=True)
class Job:
    """What there is to do.

    Attributes:
        program: where it is pinned.
        table, captured: the seeds; the first are swept through, and both mutated.
        frames, seconds: whichever is over first ends it.
        seed: by which all is drawn again.
    """

    program: Path
    table: Sequence[bytes]
    captured: Sequence[bytes]
    frames: int
    seconds: float
    seed: int


@dataclass
class Outcome:
    """What came of it.

    Attributes:
        frames: how many were run.
        seconds: for how long.
        findings: what is wrong, shrunk, each kind once.
        shares: what the frames were in the oracle's words, of a sample.
        is_interrupted: by Ctrl-C; it is an outcome all the same.
    """

    frames: int = 0
    seconds: float = 0.0
    findings: list[Finding] = field(default_factory=list)
    shares: Counter[str] = field(default_factory=Counter)
    is_interrupted: bool = False


def run(job: Job, tell: Callable[[str], None]) -> Outcome:
    """Do a job on all processors; ``tell`` is given a line now and then."""
    many = len(os.sched_getaffinity(0))
    done, stop, results = _together.Array("Q", many), _together.Event(), _together.Queue()
    workers = [_together.Process(target=_work, args=(job, part, many, done, stop, results)) for part in range(many)]
    outcome, began = Outcome(), time.monotonic()
    _start(workers)
    ended, told = 0, began
    try:
        while ended < many:
            ended += _take(results, outcome, tell)
            outcome.frames, now = sum(done[:]), time.monotonic()
            if now - told >= BETWEEN_TELLING:
                told = now
                tell(f"{outcome.frames:,} frames, {outcome.frames / (now - began):,.0f} a second, {_found(outcome)}")
            if not any(worker.is_alive() for worker in workers) and results.empty():
                break
    except KeyboardInterrupt:
        outcome.is_interrupted = True
        stop.set()
        while ended < many and time.monotonic() < began + job.seconds + PATIENCE:
            ended += _take(results, outcome, tell)
    for worker in workers:
        worker.join(PATIENCE)
    outcome.frames, outcome.seconds = sum(done[:]), time.monotonic() - began
    failed = [worker.exitcode for worker in workers if worker.exitcode]
    if failed:
        raise RuntimeError(f"a worker ended with status {failed[0]}; what it said is above")
    return outcome


def _start(workers: Sequence[BaseProcess]) -> None:
    """Start them deaf for Ctrl-C, which they would hear as we do: we say when to end."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        for worker in workers:
            worker.start()
    finally:
        signal.signal(signal.SIGINT, before)


def _take(results: Any, outcome: Outcome, tell: Callable[[str], None]) -> int:
    """Take one result, if there is one; return whether it was a worker's last."""
    try:
        result = results.get(timeout=0.5)
    except queue.Empty:
        return 0
    if isinstance(result, Counter):
        outcome.shares += result
        return 1
    if all((result.kind, result.what) != (found.kind, found.what) for found in outcome.findings):
        outcome.findings.append(result)
        tell(str(result))
    return 0


def _found(outcome: Outcome) -> str:
    return f"{len(outcome.findings)} found to be wrong" if outcome.findings else "nothing wrong"


def _work(job: Job, part: int, parts: int, done: Any, stop: Any, results: Any) -> None:
    program = syscall.open_program(str(job.program))
    runner, shares, known = Runner(program), Counter[str](), set[tuple[str, str]]()
    frames, until = _frames(job, part, parts), time.monotonic() + job.seconds
    left = job.frames // parts + (part < job.frames % parts)
    while left and not stop.is_set() and time.monotonic() < until and len(known) < MOST_FINDINGS:
        batch = list(islice(frames, min(left, BATCH)))
        for frame in batch:
            found = judge(runner, frame)
            if found and (found.kind, found.what) not in known:
                least = _least(runner, found)
                known |= {(found.kind, found.what), (least.kind, least.what)}
                results.put(least)
        for frame in batch[::COUNTED]:
            said = say(frame)
            shares[said.why or f"{said.protocol}{', opening' if said.opens else ''}"] += 1
        left -= len(batch)
        done[part] += len(batch)
    results.put(shares)
    os.close(program)


def _least(runner: Runner, found: Finding) -> Finding:
    """Shrink what was found, as long as it is the same that is said of it."""

    def again(frame: bytes) -> Finding | None:
        other = judge(runner, frame)
        return other if other and (other.kind, other.what) == (found.kind, found.what) else None

    return again(shrunk(found.frame, lambda frame: again(frame) is not None)) or found


def _frames(job: Job, part: int, parts: int) -> Iterator[bytes]:
    """Yield what is drawn, without end, and between that a worker's part of the sweep: a short job has of both."""
    swept = chain(job.captured[part::parts], islice(sweep(job.table), part, None, parts))
    random, others = Random(f"{job.seed}/{part}"), [*job.table, *job.captured]
    while True:
        yield mutated(random, random.choice(job.table), others)
        yield mutated(random, random.choice(others), others)
        yield fitting(carriers.draw(random, packets.draw(random)))
        yield mutated(random, fitting(carriers.draw(random, packets.draw(random))), others)
        yield from map(fitting, islice(swept, SWEPT))
