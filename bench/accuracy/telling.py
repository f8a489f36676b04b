"""What is said of a measurement: the table, the disagreements, build/accuracy.json."""

from collections import Counter
from collections.abc import Iterable, Mapping

from rich.table import Table

from bench.accuracy.corpus import NONE
from bench.accuracy.score import Disagreement, Judgement, Score
from control.vocabulary import PROTOCOLS

LEAST_RECALL = 0.98
FIGURES = ("true", "false", "missed", "precision", "recall")


def table(title: str, judgements: Mapping[str, Judgement]) -> Table:
    """Return a row a protocol, and one for all, the classifiers beside each other."""
    shown = Table(title=title, title_justify="left", box=None, pad_edge=False, padding=(0, 2))
    shown.add_column("protocol")
    shown.add_column("flows", justify="right")
    for who in judgements:
        for figure in FIGURES:
            shown.add_column(f"{who}\n{figure}" if figure == FIGURES[0] else f"\n{figure}", justify="right")
    for protocol in protocols(judgements.values()):
        scores = [judgement.scores.get(protocol, Score()) for judgement in judgements.values()]
        _add(shown, protocol, scores)
    shown.add_section()
    _add(shown, "all", [judgement.overall for judgement in judgements.values()])
    return shown


def _add(shown: Table, what: str, scores: list[Score]) -> None:
    cells = [
        f"{value:.3f}" if isinstance(value, float) else f"{value:,}" for score in scores for value in _values(score)
    ]
    shown.add_row(what, f"{scores[0].true + scores[0].missed:,}", *cells)


def _values(score: Score) -> list[int | float]:
    record = score.as_json()
    return [record[figure] for figure in FIGURES]


def protocols(judgements: Iterable[Judgement]) -> list[str]:
    """Return the protocols that occur in any, in the program's order."""
    occurring = {protocol for judgement in judgements for protocol in judgement.scores}
    return [protocol for protocol in PROTOCOLS if protocol in occurring]


def as_json(judgements: Mapping[str, Judgement]) -> dict[str, dict[str, dict[str, int | float]]]:
    """Return the record of build/accuracy.json: for each classifier the same protocols, with the same figures."""
    names = protocols(judgements.values())
    return {
        who: {name: judgement.scores.get(name, Score()).as_json() for name in names}
        for who, judgement in judgements.items()
    }


def kinds(disagreements: Iterable[Disagreement]) -> list[str]:
    """Return a line for each kind of disagreement, the most frequent first."""
    counts = Counter((disagreement.label or NONE, disagreement.said) for disagreement in disagreements)
    return [f"{count:,} of {label} called {said}" for (label, said), count in counts.most_common()]


def failings(ours: Judgement, theirs: Judgement) -> list[str]:
    """Return what is not as it must be, a sentence each: no false flow, hardly a missed one, and ahead of the other.

    Where the other is without a fault there is no being ahead of it: then being without one is enough.
    """
    said = [
        f"precision of {protocol} is {score.precision:.4f}: {score.false} false"
        for protocol, score in ours.scores.items()
        if score.false
    ]
    mine, its = ours.overall, theirs.overall
    if mine.recall < LEAST_RECALL:
        said.append(f"recall is {mine.recall:.4f}, below {LEAST_RECALL}: {mine.missed} missed")
    for what, our, other in (("precision", mine.precision, its.precision), ("recall", mine.recall, its.recall)):
        if our < other or our == other < 1:
            said.append(f"{what} is {our:.4f}, and nDPI's {other:.4f}: not ahead")
    return said
