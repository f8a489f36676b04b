"""What is found of a change before it is made: whom it cuts, and whether that has to be looked at first."""

from dataclasses import dataclass, field

from control.allowlist.allowlist import Allowlist
from control.rollout.weight import Consent, Weight


@dataclass(frozen=True, slots=True)
class Judgement:
    """Whom a change of one of the lists cuts.

    Attributes:
        cut: entries of the live list of which less would be let through.
        in_use: of these, with traffic in the last day.
        why: what of the limits that exceeds, in words; nothing where it may be done at once.
        persons: how many it takes to have it done.
    """

    cut: Allowlist = field(default_factory=Allowlist.empty)
    in_use: Allowlist = field(default_factory=Allowlist.empty)
    why: tuple[str, ...] = ()
    persons: int = 1

    @property
    def is_over(self) -> bool:
        """Whether it exceeds the limits."""
        return bool(self.why)

    def done(self, *, is_agreed: bool = False) -> Weight:
        """Return what is noted of the change when all of it is done, as somebody agreed who was shown whom it cuts."""
        consent = Consent.AGREED if is_agreed else Consent.OVERRIDDEN if self.is_over else Consent.NONE
        return Weight(len(self.cut), len(self.in_use), consent=consent)

    def held(self) -> Weight:
        """Return what is noted of its widening part when the rest is held."""
        return Weight(held=len(self.cut))
