"""How much a change cut: what is kept of it."""

from dataclasses import dataclass
from enum import StrEnum


class Consent(StrEnum):
    """How somebody let a change cut more than the limits allow."""

    NONE = ""
    OVERRIDDEN = "overridden"
    """They said so with the change, unseen."""
    AGREED = "agreed"
    """They released it once it was held, and had been shown whom it would cut."""


@dataclass(frozen=True, slots=True)
class Weight:
    """How much a change cut.

    Attributes:
        cut: entries of the live list of which less is let through.
        in_use: of these, with traffic in the last day.
        held: entries that it would have cut as well, and that are held.
        consent: who has taken the limits' place, if anybody has.
    """

    cut: int = 0
    in_use: int = 0
    held: int = 0
    consent: Consent = Consent.NONE


NOTHING = Weight()
"""It cut nobody."""
