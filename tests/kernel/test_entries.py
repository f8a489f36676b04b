"""The program's two entries: what stands at the interfaces decides as what is asked, in every situation."""

from collections import Counter
from collections.abc import Sequence
from random import Random

import numpy as np
import pytest

from control.datapath import syscall
from tests.fuzz import carriers, packets
from tests.fuzz.mutations import fitting, mutated
from tests.fuzz.surroundings import Surroundings, asked, surroundings
from tests.fuzz.sweeps import truncations
from tests.kernel.situations import Edge
from tests.kernel.table import ROWS

XDP_DROP = 1  # enum xdp_action, <linux/bpf.h>
FRAMES = [row.frame for row in ROWS]
DAMAGED = 3000  # frames


def damaged() -> list[bytes]:
    """Frames that are cut, changed and made up: each shape of headers that one entry reads in another way."""
    random = Random(21)
    made = [fitting(carriers.draw(random, packets.draw(random))) for _ in range(DAMAGED)]
    return [*truncations(FRAMES), *(mutated(random, random.choice(FRAMES), FRAMES) for _ in range(DAMAGED)), *made]


def counted(edge: Edge) -> Counter[tuple[str, str, str]]:
    return Counter({(each.protocol, each.verdict, each.reason): each.packets for each in edge.controls.counts()})


def must_decide_alike(edge: Edge, frames: Sequence[bytes]) -> None:
    answers, output, before = [edge.probe(frame) for frame in frames], np.zeros(1, np.uint8), counted(edge)
    for frame, answer in zip(frames, answers, strict=True):
        action, _ = syscall.test_run(edge.pinned.program, frame, output)
        assert (action == XDP_DROP) is (answer.verdict == "drop"), (frame.hex(), answer)
    expected = Counter((answer.protocol, answer.verdict, answer.reason) for answer in answers)
    assert counted(edge) - before == expected


@pytest.mark.parametrize("each", tuple(surroundings()), ids=lambda each: each.name)
def test_in_every_situation(edge: Edge, each: Surroundings) -> None:
    each.prepare(edge)
    must_decide_alike(edge, [*FRAMES, *asked()])


def test_on_damaged_frames(edge: Edge) -> None:
    next(each for each in surroundings() if each.name == "enforce, unregistered").prepare(edge)
    must_decide_alike(edge, [frame for frame in damaged() if len(frame) >= 14])
