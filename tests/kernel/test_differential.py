"""The program and the oracle of tests/oracle, which know nothing of each other, say the same of every frame."""

from collections.abc import Iterator
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from control.datapath.probe.probe import ETHERNET_HEADER
from tests.fuzz import carriers, packets
from tests.fuzz.judging import judge
from tests.fuzz.mutations import bounds, fitting, mutated
from tests.fuzz.program import Runner
from tests.fuzz.shrinking import shrunk
from tests.kernel.situations import SITUATIONS, Edge
from tests.kernel.table import ROWS
from tests.oracle.oracle import say

ENFORCED = next(each for each in SITUATIONS if each.refusable == "enforced")
SEEDS = [row.frame for row in ROWS]
GENERATORS = st.randoms(use_true_random=False)


@pytest.fixture(scope="module")
def runner(edge: Edge) -> Runner:
    """The program where nobody is registered and everything enforced, so that it drops what it can."""
    ENFORCED.prepare(edge)
    return Runner(edge.pinned.asked)


def hold(runner: Runner, frame: bytes) -> None:
    """Fail with the least frame that shows what this one shows."""
    finding = judge(runner, frame)
    if finding:
        kind = finding.kind

        def is_wrong(frame: bytes) -> bool:
            found = judge(runner, frame)
            return found is not None and found.kind == kind

        pytest.fail(str(judge(runner, shrunk(frame, is_wrong))))


@settings(max_examples=1500)
@given(GENERATORS)
def test_packets_and_near_misses(runner: Runner, random: Random) -> None:
    hold(runner, fitting(carriers.draw(random, packets.draw(random))))


@settings(max_examples=1500)
@given(GENERATORS)
def test_damaged_packets(runner: Runner, random: Random) -> None:
    frame = fitting(carriers.draw(random, packets.draw(random)))
    hold(runner, mutated(random, frame, SEEDS))


@settings(max_examples=500)
@given(st.binary(min_size=ETHERNET_HEADER, max_size=200))
def test_any_bytes(runner: Runner, frame: bytes) -> None:
    hold(runner, frame)


def test_every_truncation_of_the_table(runner: Runner) -> None:
    for frame in SEEDS:
        for end in range(ETHERNET_HEADER, len(frame)):
            hold(runner, frame[:end])


def test_every_byte_of_the_table_at_its_bounds(runner: Runner) -> None:
    for frame in SEEDS:
        for each in at_bounds(frame[:100]):
            hold(runner, each + frame[100:])


def at_bounds(frame: bytes) -> Iterator[bytes]:
    for at, octet in enumerate(frame):
        for value in bounds(octet, 1):
            yield frame[:at] + bytes([value]) + frame[at + 1 :]


def test_the_oracle_says_what_the_table_says() -> None:
    said = {row.what: say(row.frame) for row in ROWS}
    assert said == {row.what: (row.protocol, row.handshake, row.reason) for row in ROWS}
