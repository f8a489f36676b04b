"""What an edge follows: a line of serials of its feed, and what it lets through beside what that says.

A feed can come from an older copy and go on under its serials, be another one by mistake, or lose rows. What it then
lacks is *held*: it stays live, until the feed says something of just that, or a person releases it.
"""

from dataclasses import dataclass, field, replace

from control.allowlist.allowlist import Allowlist
from control.allowlist.digest import Digest
from control.rollout.change import NONE, Change
from control.rollout.position import Position


@dataclass(frozen=True, slots=True)
class Line:
    """A line of serials, as far as it was followed.

    Attributes:
        position: how far.
        entries: the feed's list there.
        digest: of ``entries``.
        held: entries that are live beside these, or with wider terms than there.
    """

    position: Position
    entries: Allowlist
    digest: Digest
    held: Allowlist = field(default_factory=Allowlist.empty)

    @classmethod
    def at(cls, position: Position, entries: Allowlist) -> "Line":
        """Return the line that has come to a list; nothing is held."""
        return cls(position, entries, Digest.of(entries))

    @property
    def live(self) -> Allowlist:
        """What is let through: the feed's list, and what is held."""
        return self.entries.with_changes(self.held, NONE)

    def after(self, position: Position, change: Change) -> "Line":
        """Return the line after a change of ``entries``; what that touches is held no longer."""
        digest = self.digest.after(change.added, change.before)
        return Line(position, change.new, digest, self.held.without(change.touched))

    @staticmethod
    def another(position: Position, entries: Allowlist, live: Allowlist, local: Allowlist) -> "Line":
        """Return a line of which nothing was followed yet, after which nothing that is ``live`` is cut.

        What the local list has, on the same terms, need not be held.
        """
        return Line.at(position, entries).holding(Change.to(live, entries).loosening().new, local)

    def holding(self, live: Allowlist, local: Allowlist) -> "Line":
        """Return the line beside which all of ``live`` stays live; what the local list has need not be held."""
        return replace(self, held=live.difference(self.entries).difference(local))

    def released(self) -> "Line":
        """Return the line with nothing held."""
        return Line(self.position, self.entries, self.digest)
