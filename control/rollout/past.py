"""A list as it was: what changes since then did, put together backwards."""

from dataclasses import dataclass, field

from control.allowlist.allowlist import Allowlist
from control.rollout.change import NONE, Change
from control.rollout.origin import Origin


@dataclass(frozen=True, slots=True)
class Past:
    """How a list was at some time, as far as it was touched since.

    Attributes:
        was: the entries that it then had, of the prefixes touched since.
        touched: these prefixes.
    """

    was: Allowlist = field(default_factory=Allowlist.empty)
    touched: Allowlist = field(default_factory=Allowlist.empty)

    def before(self, now: Allowlist, was: Allowlist) -> "Past":
        """Return how it was before one more change, further back, that gave entries (``now``) for what was there."""
        touched = was.with_changes(now, NONE)
        return Past(self.was.with_changes(was, touched), self.touched.with_changes(touched, NONE))

    def at(self, present: Allowlist, prefixes: Allowlist) -> Allowlist:
        """Return the entries that the list then had of some prefixes, by what it has now."""
        return present.at(prefixes).without(self.touched).with_changes(self.was.at(prefixes), NONE)

    def change(self, present: Allowlist, origin: Origin) -> Change:
        """Return the change that makes the list again what it was."""
        return Change.of(present, self.was, self.touched, origin)
