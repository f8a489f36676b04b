"""The live list as the union of two: what the local list or the feed's list allows is allowed.

Where both hold one prefix with different terms, a packet passes that either lets pass. The kernel has a rule for each
range of ports, and room for as many as two entries can have (MAX_PORT_RANGES each), so no union is wider than it says.
"""

from dataclasses import dataclass
from enum import StrEnum

from control.allowlist.allowlist import Allowlist
from control.allowlist.entry import Entry, Prefix
from control.rollout.change import NONE, SMALL, Change
from control.rollout.terms import combined, united


class Source(StrEnum):
    """Which of the two lists."""

    LOCAL = "local"
    FEED = "feed"


@dataclass(frozen=True, slots=True)
class Effect:
    """What a change of one of two lists makes of their union: what the kernel is told.

    Attributes:
        added: entries that the union gains, or has with other terms.
        removed: entries that it loses.
        count: entries of the union afterwards.
    """

    added: Allowlist
    removed: Allowlist
    count: int

    @property
    def is_small(self) -> bool:
        """Whether it is quicker made entry by entry than as a whole list."""
        return len(self.added) + len(self.removed) <= SMALL


@dataclass(frozen=True, slots=True)
class Union:
    """Two lists, looked upon as one: the whole of it is only made for the kernel, when that takes it as a whole.

    A change of one list costs here what the change is big, however long the other is.

    Attributes:
        count: entries of the union.
    """

    local: Allowlist
    followed: Allowlist
    count: int

    @classmethod
    def of(cls, local: Allowlist, followed: Allowlist) -> "Union":
        """Return the union of two lists."""
        return cls(local, followed, len(local) + len(followed.without(local)))

    def whole(self) -> Allowlist:
        """Return the union as a list; two million entries take half a second."""
        return unite(self.local, self.followed)

    def list_of(self, source: Source) -> Allowlist:
        """Return one of the lists."""
        return self.local if source is Source.LOCAL else self.followed

    def find(self, prefix: Prefix) -> Entry | None:
        """Return the entry of exactly this prefix; of two lists' terms, what an entry can say of them."""
        entries = [entry for _, entry in self.at(prefix)]
        if len(entries) < 2:
            return entries[0] if entries else None
        terms = united(entries[0].terms, entries[1].terms)
        return Entry(prefix, terms.protocols, terms.ports, terms.note)

    def covering(self, prefix: Prefix) -> list[tuple[Source, Entry]]:
        """Return the entries that hold all of ``prefix``, each with its list; the longest prefix first."""
        entries = [(source, entry) for source in Source for entry in self.list_of(source).covering(prefix)]
        return sorted(entries, key=lambda found: -found[1].prefix.prefixlen)

    def at(self, prefix: Prefix) -> list[tuple[Source, Entry]]:
        """Return what each list that has an entry of exactly this prefix says there."""
        found = [(source, self.list_of(source).find(prefix)) for source in Source]
        return [(source, entry) for source, entry in found if entry]

    def after(self, source: Source, change: Change) -> tuple["Union", Effect]:
        """Return the union after a change of one of the lists, and what that makes of it."""
        local, followed = (change.new, self.followed) if source is Source.LOCAL else (self.local, change.new)
        if self._is_alone(source):
            effect = Effect(change.added, change.removed, len(change.new))
            return Union(local, followed, effect.count), effect
        touched = change.touched
        before = unite(self.local.at(touched), self.followed.at(touched))
        after = unite(local.at(touched), followed.at(touched))
        effect = Effect(after.difference(before), before.without(after), self.count + len(after) - len(before))
        return Union(local, followed, effect.count), effect

    def cut(self, source: Source, change: Change) -> Allowlist:
        """Return the entries of the union that a change of one of the lists cuts: of which less is let through.

        What the other list allows is not cut, nor what a wider prefix of either allows altogether.
        """
        local, followed = (change.new, self.followed) if source is Source.LOCAL else (self.local, change.new)
        if self._is_alone(source):
            return change.cut.outside(change.new)
        touched = change.touched
        before = unite(self.local.at(touched), self.followed.at(touched))
        after = unite(local.at(touched), followed.at(touched))
        cut = Change.to(before, after).cut
        return cut.outside(local).outside(followed)

    def _is_alone(self, source: Source) -> bool:
        """Return whether the other list has nothing: what changes the one does just the same to the union."""
        return not len(self.followed if source is Source.LOCAL else self.local)


def unite(local: Allowlist, followed: Allowlist) -> Allowlist:
    """Return the union of two lists as a list."""
    if not len(local) or not len(followed):
        return local if len(local) else followed
    both = combined(local.held_by(followed), followed.held_by(local), united)
    return followed.with_changes(local, NONE).with_changes(both, NONE)
