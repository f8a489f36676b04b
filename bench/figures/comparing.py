"""A run's ratios against those of the last committed run: what has been lost, and how much.

Only ratios are compared: seconds and nanoseconds of two machines have nothing to do with each other. Ratios to a base
are compared where both runs had the same base.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bench.figures.figure import RATIO, Figure
from bench.figures.record import BASE, Record

MOST = 0.15  # that may be lost before it counts as lost and not as the weather
OVER_BASE = "_over_base"


@dataclass(frozen=True, slots=True)
class Comparison:
    """One ratio, then and now.

    Attributes:
        name: the figure's.
        before: its median in the committed run.
        now: its median in this one; None: this run has no such figure.
        more_is_better: whether it is a share of what others do, and not of what something costs.
    """

    name: str
    before: float
    now: float | None
    more_is_better: bool

    @property
    def loss(self) -> float:
        """How much worse it is, as a part of what it was; negative: better. 0 where there is nothing to compare."""
        if self.now is None or self.before == 0:
            return 0.0
        change = self.now / self.before - 1
        return -change if self.more_is_better else change

    @property
    def is_lost(self) -> bool:
        """Whether it has become worse than the weather explains."""
        return self.loss > MOST


def compare(before: Record, now: Record) -> list[Comparison]:
    """Return every ratio of the committed run beside the same of this one."""
    return list(_comparisons(before, now))


def _comparisons(before: Record, now: Record) -> Iterator[Comparison]:
    same_base = before.versions.get(BASE) == now.versions.get(BASE)
    for name, figure in before.figures.items():
        if figure.unit != RATIO:
            continue
        found = now.figures.get(name) if same_base or not name.endswith(OVER_BASE) else None
        yield Comparison(name, figure.median, found.median if found else None, more_is_better(name, before.figures))


def more_is_better(name: str, figures: Mapping[str, Figure]) -> bool:
    """Return whether a ratio is the better the greater it is: a share of an empty program's or a peer's rate is."""
    if not name.endswith(OVER_BASE):
        return True
    of_empty = figures.get(f"{name.removesuffix(OVER_BASE)}_over_empty")
    return of_empty is not None and of_empty.unit == RATIO
