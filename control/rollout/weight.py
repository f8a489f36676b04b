"""How much a change cut: what is kept of it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Weight:
    """How much a change cut.

    Attributes:
        cut: entries of the live list of which less is let through.
        in_use: of these, with traffic in the last day.
        held: entries that it would have cut as well, and that are held.
        is_agreed: somebody has looked at just that, and wanted it done.
    """

    cut: int = 0
    in_use: int = 0
    held: int = 0
    is_agreed: bool = False


NOTHING = Weight()
"""It cut nobody."""
