"""What `make fuzz` is made of, each for a second: it finds what it is to find, and nothing where there is nothing."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from control.datapath import syscall
from control.datapath.program.compile import compiled, source
from control.vocabulary import BPF_DIRECTORY
from lab.packets import ether, ip4, udp
from tests.fuzz import coverage, payloads, seeds, workers
from tests.fuzz.expectation import OPENING
from tests.fuzz.judging import judge
from tests.fuzz.program import Runner
from tests.fuzz.shrinking import shrunk
from tests.fuzz.untaken import WHY, why
from tests.kernel.situations import Edge
from tests.kernel.table.wireguard import INITIATION, PORT
from tests.kernel.test_differential import ENFORCED, SEEDS

# bcc takes text as it comes, and warns of it where warnings are errors.
pytestmark = pytest.mark.filterwarnings("ignore:not a bytes object:DeprecationWarning")

CUT = bytes(ether() / ip4())[:30]
WITHOUT_BRANCHES = {"filter.h", "generation.h", "hash.h", "list.h", "maps.h", "numbers.h", "words.h"}
WHOLE = bytes(ether() / ip4() / udp(INITIATION, PORT))

# kind: a line of the program, what stands in its place, and a frame that shows it
BROKEN = {
    "abort": ("XDP_DROP : XDP_PASS;", "XDP_DROP : XDP_ABORTED;", CUT),
    "change": (
        "scratch = scratch_of(&packet, asked);",
        "if (packet.start + 14 <= packet.end) packet.start[0] ^= 1; scratch = scratch_of(&packet, asked);",
        CUT,
    ),
    "verdict": ("? explain(ctx, scratch)", "? (explain(ctx, scratch), reason == REASON_TRUNCATED ? 1 : 2)", CUT),
    "drop": (
        "scratch->answer.reason = reason;",
        "scratch->answer.reason = reason, scratch->answer.verdict = reason == REASON_TRUNCATED;",
        CUT,
    ),
    "disagreement": ("if (p->length != 148)", "if (p->length == 148)", WHOLE),
}


MOST_VERIFIED = 800_000
"""Of the million instructions that a kernel walks before it refuses a program (BPF_COMPLEXITY_LIMIT_INSNS): other
kernels and compilers come to other counts, and the next protocol wants room too."""


@contextmanager
def program(line: str, instead: str) -> Iterator[Runner]:
    text = source()
    assert line in text
    module = compiled(text.replace(line, instead))
    try:
        yield Runner(module.load_func("wicket_asked", module.XDP).fd)
    finally:
        module.cleanup()


@pytest.mark.parametrize("kind", BROKEN)
def test_what_a_broken_program_does_is_found(kind: str) -> None:
    line, instead, frame = BROKEN[kind]
    with program(line, instead) as runner:
        found = judge(runner, frame)
    assert found is not None
    assert (found.kind, found.frame) == (kind, frame)


def test_a_frame_is_shrunk_to_what_shows_it() -> None:
    frame = bytes(range(1, 200))
    assert shrunk(frame, lambda frame: 77 in frame and frame.index(77) >= 20) == bytes(20) + b"\x4d"


def test_all_processors_find_nothing_wrong(edge: Edge) -> None:
    ENFORCED.prepare(edge)
    outcome = workers.run(workers.Job(edge.pinned.directory / "asked", SEEDS, SEEDS, 20_000, 60, 7), print)
    assert (outcome.frames, outcome.findings, outcome.is_interrupted) == (20_000, [], False)


def test_random_payloads_are_taken_for_something_as_often_as_chance_has_it() -> None:
    taken = payloads.measure(2_000_000, 7, print)
    assert taken.seen["ike"] > 0
    assert not any(taken.seen[kind] for kind in taken.seen if OPENING in kind)
    assert (taken.payloads, taken.implausible) == (2_000_000, [])


def test_compiled_for_a_process_it_is_the_same_program_and_nearly_all_of_it_is_run(edge: Edge) -> None:
    """So that the branches that are counted there are those that are fuzzed."""
    found = coverage.measure(edge, seeds.table(), [], seed=7, drawn=2000)
    assert not found.unlike
    assert found.share > coverage.LEAST, found.untaken
    assert {file.file for file in found.files} == {path.name for path in BPF_DIRECTORY.iterdir()} - WITHOUT_BRANCHES
    explained = {(line.file, line.text) for line in found.untaken if why(line)}
    assert explained == {(file, text) for file, lines in WHY.items() for text in lines}


def test_a_process_that_differs_is_told(edge: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coverage, "surroundings", list)
    monkeypatch.setattr(coverage, "state_of", lambda pinned: b"")  # nobody tells it of policies
    found = coverage.measure(edge, [], [WHOLE], seed=7, drawn=0)
    assert WHOLE.hex() in found.unlike
    assert found.share < coverage.LEAST


def test_the_verifier_has_room_left(edge: Edge) -> None:
    for program in (edge.pinned.program, edge.pinned.asked):
        assert 0 < syscall.program_size(program)[1] < MOST_VERIFIED
