"""A change of one list, as a value: what it adds and removes, what of that lets more or less through, and who asks.

Nothing else says what a change is. Whoever judges, previews, holds or undoes one does it with this.
"""

from dataclasses import dataclass

from control.allowlist.allowlist import Allowlist
from control.rollout.origin import NOBODY, Origin
from control.rollout.terms import are_narrowed, combined, of_a_list, widened

SMALL = 2000
"""Entries; a bigger change is quicker made as a whole list, in the kernel as on disk."""

NONE = Allowlist.empty()


@dataclass(frozen=True, slots=True, init=False)
class Change:
    """What makes one list of another. Only ``to`` and ``of`` make one, so that its parts always fit.

    Attributes:
        held: the list before.
        new: the list after.
        added: entries that ``new`` has and ``held`` has not, or has with other terms.
        removed: entries of ``held`` whose prefix ``new`` has not.
        replaced: entries of ``held`` that get other terms.
        origin: who asks for it.
    """

    held: Allowlist
    new: Allowlist
    added: Allowlist
    removed: Allowlist
    replaced: Allowlist
    origin: Origin

    @classmethod
    def to(cls, held: Allowlist, new: Allowlist, origin: Origin = NOBODY) -> "Change":
        """Return the change that makes ``new`` of ``held``."""
        return cls._made(held, new, *new.compared(held), origin)

    @classmethod
    def of(
        cls,
        held: Allowlist,
        add: Allowlist = NONE,
        remove: Allowlist = NONE,
        origin: Origin = NOBODY,
    ) -> "Change":
        """Return the change that adds entries and removes prefixes; a prefix in both stays, with the terms of ``add``.

        It costs what ``add`` and ``remove`` are big, and a copy of the list's columns.
        """
        removed, added = held.at(remove).without(add), add.difference(held)
        return cls._made(held, held.with_changes(add, remove), added, held.at(added), removed, origin)

    @classmethod
    def _made(
        cls,
        held: Allowlist,
        new: Allowlist,
        added: Allowlist,
        replaced: Allowlist,
        removed: Allowlist,
        origin: Origin,
    ) -> "Change":
        change = object.__new__(cls)
        for name, value in zip(cls.__slots__, (held, new, added, removed, replaced, origin), strict=True):
            object.__setattr__(change, name, value)
        return change

    def __len__(self) -> int:
        """Return how many entries it touches."""
        return len(self.added) + len(self.removed)

    @property
    def is_small(self) -> bool:
        """Whether it is quicker made entry by entry than as a whole list."""
        return len(self) <= SMALL

    @property
    def touched(self) -> Allowlist:
        """The prefixes that it touches."""
        return self.added.with_changes(self.removed, NONE)

    @property
    def before(self) -> Allowlist:
        """The entries of ``held`` at the prefixes that it touches."""
        return self.removed.with_changes(self.replaced, NONE)

    @property
    def narrows(self) -> bool:
        """Whether it lets anything less through: what only widens waits for nobody."""
        return bool(len(self.removed) or (len(self.replaced) and len(self._both().difference(self.added))))

    @property
    def cut(self) -> Allowlist:
        """The entries of ``held`` of which less is let through afterwards, or nothing."""
        if not len(self.replaced):
            return self.removed
        narrowed = self.replaced.only(are_narrowed(self.replaced, self.added.held_by(self.replaced)))
        return self.removed.with_changes(narrowed, NONE)

    def widening(self) -> "Change":
        """Return the part that lets more through and nothing less: it never has to wait.

        An entry that gets other terms has both until ``narrowing`` follows; a change of notes alone is of this part.
        """
        return self._widening(self._both())

    def loosening(self) -> "Change":
        """Return the part to make live when the rest is not to follow at once: ``widening``, as a list can keep it.

        An entry that gets quite other terms allows what lies between them, too.
        """
        return self._widening(of_a_list(self._both()))

    def narrowing(self) -> "Change":
        """Return the part that lets less through, to follow ``widening``: of that list's making, and to ``new``."""
        return Change.of(self.widening().new, self.added, self.removed, self.origin)

    def reverted(self) -> "Change":
        """Return the change that takes this one back."""
        return Change.of(self.new, self.before, self.added, self.origin)

    def _both(self) -> Allowlist:
        """Return the entries that get other terms, with what they allow before and after."""
        if not len(self.replaced):
            return NONE
        return combined(self.replaced, self.added.held_by(self.replaced), widened)

    def _widening(self, both: Allowlist) -> "Change":
        return Change.of(self.held, self.added.without(self.replaced).with_changes(both, NONE), NONE, self.origin)
