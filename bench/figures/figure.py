"""A figure: many measurements of one thing as three numbers, and what its name says."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

NS, S, MS, MB, M_S, RATIO = "ns", "s", "ms", "MB", "M/s", "ratio"
UNITS_IN_NAMES = ("s", "ms", "mb")
DIGITS = 4  # that anybody can believe


@dataclass(frozen=True, slots=True)
class Figure:
    """The least, the middle and the greatest of the rounds.

    Attributes:
        unit: "ns", "s", "ms", "MB", "M/s", or "ratio", which has none.
    """

    unit: str
    min: float
    median: float
    max: float

    @classmethod
    def of(cls, unit: str, samples: Sequence[float]) -> "Figure":
        """Return the figure of some measurements, at least one."""
        return cls(unit, *(_rounded(value) for value in (min(samples), median(samples), max(samples))))


def _rounded(value: float) -> float:
    return float(f"{value:.{DIGITS}g}")


def ratios(these: Sequence[float], those: Sequence[float]) -> list[float]:
    """Return these over those, round by round; a round whose divisor is not above 0 says nothing and is left out."""
    return [mine / other for mine, other in zip(these, those, strict=True) if other > 0]


def differences(these: Sequence[float], those: Sequence[float]) -> list[float]:
    """Return these less those, round by round; what is less than nothing is nothing."""
    return [max(0.0, mine - other) for mine, other in zip(these, those, strict=True)]


def stem(name: str) -> str:
    """Return a figure's name without "over_empty" and its unit; but "ns" stays, which tells a cost from a share."""
    return "_".join(word for word in name.removesuffix("_over_empty").split("_") if word not in UNITS_IN_NAMES)


def over_base(name: str) -> str:
    """Return what the ratio of a figure to the same of another commit is called."""
    return f"{stem(name)}_over_base"
