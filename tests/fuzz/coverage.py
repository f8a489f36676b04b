"""Which branches of the program the fuzzing takes, counted on the same sources compiled for an ordinary process."""

import itertools
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from control.datapath.probe.probe import ETHERNET_HEADER
from control.datapath.program.layout import map_shapes
from control.vocabulary import constant
from tests.fuzz import carriers, packets
from tests.fuzz.mutations import fitting, mutated
from tests.fuzz.native import Branches, Native, Untaken, frame_record, switches
from tests.fuzz.program import Runner
from tests.fuzz.state import state_of
from tests.fuzz.surroundings import asked, surroundings
from tests.fuzz.sweeps import carried, truncations
from tests.kernel.situations import SITUATIONS, Edge

LEAST = 0.95  # of all branches
DRAWN = 100_000  # frames, of those that are fuzzed with
INNER = "an inner map"  # what the harness calls each of them
# A kernel hands over no frame so short or so long; the process has both.
SHORT = [bytes(size) for size in range(ETHERNET_HEADER)]
OPTIONS = constant("IPPROTO_DSTOPTS")  # an extension header, here of the 2048 bytes that each may have at most
LONG = carriers.frame_head(6, []) + b"\x60\0\0\0\xff\xff" + bytes([OPTIONS, 64]) + bytes(32)
LONG += (bytes([OPTIONS, 255]) + bytes(2046)) * 2 + bytes([constant("IPPROTO_UDP"), 0]) + bytes(100)


@dataclass(frozen=True)
class Coverage:
    """What was taken.

    Attributes:
        files: each file of bpf/ that has branches.
        frames: run in the process; in every situation some, and otherwise run than in the kernel some.
        unlike: frames, in hexadecimal digits, of which the process says what the kernel does not.
    """

    files: Sequence[Branches]
    frames: int
    unlike: Sequence[str]

    @property
    def untaken(self) -> list[Untaken]:
        return [line for file in self.files for line in file.untaken]

    @property
    def taken(self) -> int:
        return sum(file.taken for file in self.files)

    @property
    def total(self) -> int:
        return sum(file.total for file in self.files)

    @property
    def share(self) -> float:
        return self.taken / self.total


def measure(edge: Edge, table: Sequence[bytes], captured: Sequence[bytes], seed: int, drawn: int = DRAWN) -> Coverage:
    """Run the table in each situation, and all else where everything is enforced; hold the two programs together.

    ``drawn`` is how many frames are damaged at random, and how many are made so.
    """
    runner, asks = Runner(edge.pinned.asked), [*table, *asked()]
    frames, unlike = 0, list[str]()
    with tempfile.TemporaryDirectory(prefix="wicket-native-") as directory:
        native = Native(Path(directory))

        def run(edge: Edge, given: Sequence[bytes]) -> None:
            nonlocal frames
            expected = [runner.answer(frame) for frame in given]
            records = [state_of(edge.pinned), switches(), *map(frame_record, given)]
            found = native.run(records)
            unlike.extend(
                frame.hex() for frame, *both in zip(given, expected, found, strict=True) if both[0] != both[1]
            )
            frames += len(given)

        for each in surroundings():
            each.prepare(edge)
            run(edge, asks)
            frames += sum(1 for _ in native.run(_otherwise(edge, asks)))
        edge.controls.set_sampling(0, responders=False)
        SITUATIONS[2].prepare(edge)
        random, others = Random(seed), [*table, *captured]
        damaged = [mutated(random, random.choice(others), others) for _ in range(drawn)]
        made = [fitting(carriers.draw(random, packets.draw(random))) for _ in range(drawn)]
        run(edge, [*captured, *truncations(table), *carried(), *damaged, *made])
        return Coverage([file for file in native.branches() if file.total], frames, unlike)


def _otherwise(edge: Edge, frames: Sequence[bytes]) -> Iterator[bytes]:
    """Frames at an interface; frames while an entry moves, while there is no room for an answer, and without a map."""
    records = list(map(frame_record, frames))
    yield state_of(edge.pinned)
    yield switches()
    yield from map(frame_record, (*SHORT, LONG))
    for odd in (switches(attached=True), switches(no_metadata=1), switches(no_metadata=2), switches(moving=True)):
        yield odd
        yield from records
    for name, attached in itertools.product((*map_shapes(), INNER), (False, True)):
        yield switches(attached, lost=name)
        yield from records
