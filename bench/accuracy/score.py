"""Counting: what a classifier called each flow, beside what the flow is."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from bench.accuracy.corpus import NONE, FlowName, Label

UNKNOWN = "unknown"
"""What the replay calls a flow of which it cannot know the protocol, as its packets were cut when captured."""


@dataclass(slots=True)
class Score:
    """Of one protocol.

    Attributes:
        true: flows that are of it, and were called so.
        false: flows that are not, and were called so.
        missed: flows that are, and were called otherwise.
    """

    true: int = 0
    false: int = 0
    missed: int = 0

    @property
    def precision(self) -> float:
        """The share of the flows called so that are so, 0 to 1; 1 where none was: nothing was called so wrongly."""
        called = self.true + self.false
        return self.true / called if called else 1.0

    @property
    def recall(self) -> float:
        """The share of the flows that are so that were called so, 0 to 1; 1 where there are none to be found."""
        there = self.true + self.missed
        return self.true / there if there else 1.0

    def add(self, other: "Score") -> None:
        """Count another's flows as well."""
        self.true, self.false, self.missed = (
            self.true + other.true,
            self.false + other.false,
            self.missed + other.missed,
        )

    def as_json(self) -> dict[str, int | float]:
        """Return the record that build/accuracy.json has."""
        counts: dict[str, int | float] = {"true": self.true, "false": self.false, "missed": self.missed}
        return {**counts, "precision": self.precision, "recall": self.recall}


class Disagreement(NamedTuple):
    """A flow that was called otherwise than its label says; no label: the table of labels has no such flow."""

    flow: FlowName
    label: str | None
    said: str

    def __str__(self) -> str:
        return f"{self.flow}: {f'label {self.label}' if self.label else 'no label'}, called {self.said}"


@dataclass(slots=True)
class Judgement:
    """Of one classifier, over all flows.

    Attributes:
        scores: by protocol; of each that some label has or that some flow was called.
        disagreements: in the order of the flows.
    """

    scores: dict[str, Score] = field(default_factory=dict)
    disagreements: list[Disagreement] = field(default_factory=list)

    def of(self, protocol: str) -> Score:
        """Return the score of a protocol, which may be its first."""
        return self.scores.setdefault(protocol, Score())

    @property
    def overall(self) -> Score:
        """All protocols together."""
        total = Score()
        for score in self.scores.values():
            total.add(score)
        return total


def judge(
    labels: Mapping[FlowName, Label],
    called: Mapping[FlowName, str],
    uncounted: Iterable[FlowName],
    *,
    generous: bool = False,
) -> Judgement:
    """Count what a classifier called the flows, a protocol or none.

    A flow without a label is taken for one in which there is nothing to find: labels are of all flows of a capture.

    Args:
        uncounted: flows that nobody can be asked about; they are left out.
        generous: whether a flow may be called what it is in the world, where the program has to call it none.
    """
    result, left_out = Judgement(), set(uncounted)
    for flow in sorted({*labels, *called} - left_out):
        label, said = labels.get(flow), called.get(flow, NONE)
        if said == UNKNOWN:
            said = NONE
        protocol = label.protocol if label else NONE
        if protocol != NONE:
            result.of(protocol).true += said == protocol
            result.of(protocol).missed += said != protocol
        elif said == NONE or (generous and label and said == label.also):
            continue
        if said not in (NONE, protocol):
            result.of(said).false += 1
        if said != protocol:
            result.disagreements.append(Disagreement(flow, label.protocol if label else None, said))
    return result
