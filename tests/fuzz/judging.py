"""Whether program and oracle agree about a frame, and the program keeps what it promises of every frame."""

from typing import NamedTuple

from control.protocols import ALWAYS_REFUSABLE
from tests.fuzz.program import DROP, PASS, Runner
from tests.oracle.oracle import say


class Finding(NamedTuple):
    """Something wrong.

    Attributes:
        kind: which, in a word; one that is shrunk stays of its kind.
        frame: with which it happens.
        what: both answers, or what else happened.
    """

    kind: str
    frame: bytes
    what: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.what}\n{self.frame.hex()}"


def judge(runner: Runner, frame: bytes) -> Finding | None:
    """Run both on a frame, where everything is enforced and nobody registered; return what is wrong, if anything is."""
    try:
        ran = runner.run(frame)
    except OSError as error:
        return Finding("error", frame, str(error.strerror))
    said = say(frame)
    if ran.said != said:
        return Finding("disagreement", frame, f"the program says {_words(ran.said)}, the oracle {_words(said)}")
    if ran.action not in (DROP, PASS):
        return Finding("abort", frame, f"the program returned {ran.action}, neither XDP_PASS nor XDP_DROP")
    if not ran.is_same:
        return Finding("change", frame, "the frame came back as another")
    is_dropped = ran.action == DROP
    if is_dropped != (ran.verdict == "drop"):
        return Finding("verdict", frame, f"the program says {ran.verdict} and returned {ran.action}")
    if is_dropped and not (said.opens or said.protocol in ALWAYS_REFUSABLE):
        return Finding("drop", frame, f"what is {_words(said)} was dropped")
    return None


def _words(said: tuple[str, bool, str]) -> str:
    protocol, opens, why = said
    return why or f"{protocol}, {'which opens a session' if opens else 'under way'}"
