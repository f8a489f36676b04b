"""What is held: the part of a change that would cut more than may be cut unseen, until somebody has looked at it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from control.allowlist.allowlist import Allowlist
from control.rollout.change import NONE, Change
from control.rollout.origin import NOBODY, Origin

TWO = 2


@dataclass(frozen=True, slots=True)
class Holding:
    """A cut of the local list that waits.

    Attributes:
        number: by which it is asked for; counts up, and none comes twice.
        narrowed: entries that would have these, narrower, terms.
        removed: entries that would go.
        why: what of the limits it exceeds, in words.
        in_use: how many of these had traffic in the last day when it was held.
        origin: who asked for it.
        at: when, in seconds since 1970.
        persons: how many it takes.
        agreed: who has said so far that it be done, whoever asked for it first.
    """

    number: int
    narrowed: Allowlist
    removed: Allowlist
    why: tuple[str, ...]
    in_use: int
    origin: Origin = NOBODY
    at: float = 0.0
    persons: int = 1
    agreed: tuple[str, ...] = ()

    def __len__(self) -> int:
        """Return how many entries it is about."""
        return len(self.narrowed) + len(self.removed)

    @property
    def touched(self) -> Allowlist:
        """The prefixes that it is about."""
        return self.removed.with_changes(self.narrowed, NONE)

    def without(self, prefixes: Allowlist) -> "Holding":
        """Return what is left of it when something else was said of some prefixes."""
        return replace(self, narrowed=self.narrowed.without(prefixes), removed=self.removed.without(prefixes))

    def is_as(self, other: "Holding") -> bool:
        """Return whether another would do just the same."""
        return self.narrowed == other.narrowed and self.removed == other.removed

    def change(self, held: Allowlist, origin: Origin) -> Change:
        """Return what it would make of a list, of which entries may be gone meanwhile."""
        return Change.of(held, self.narrowed.held_by(held), self.removed, origin)

    def agreed_by(self, person: str) -> "Holding":
        """Return it with one more person who wants it done."""
        return self if person in self.agreed else replace(self, agreed=(*self.agreed, person))

    @property
    def is_agreed(self) -> bool:
        """Whether as many persons as it takes want it done."""
        return len(self.agreed) >= self.persons


def superseded(holdings: Sequence[Holding], prefixes: Allowlist) -> list[Holding]:
    """Return what is left of holdings when something else was said of some prefixes."""
    left = (holding.without(prefixes) for holding in holdings)
    return [holding for holding in left if len(holding)]
