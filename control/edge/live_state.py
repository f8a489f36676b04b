"""What is live, as a value; and how a change of it went."""

from dataclasses import dataclass, replace

from control.allowlist.allowlist import Allowlist
from control.rollout.position import Position, Provenance
from control.rollout.union import Source, Union


@dataclass(frozen=True, slots=True)
class LiveState:
    """What is live, as one value: whoever reads it sees one moment, and needs no turn.

    Attributes:
        union: of both lists: what the kernel has.
        local: where the local list has got to.
        followed: where the feed's list has got to here.
        revision: counts the changes of either; the kernel has it with the list.
    """

    union: Union
    local: Position
    followed: Position
    revision: int

    @property
    def provenance(self) -> Provenance:
        """What a generation in the kernel says of itself."""
        return Provenance(self.revision, self.local.serial, self.followed)

    def position(self, source: Source) -> Position:
        """Return where one of the lists has got to."""
        return self.local if source is Source.LOCAL else self.followed

    def after(self, source: Source, union: Union, position: Position) -> "LiveState":
        """Return what is live after one more change, of one of the lists."""
        changed = {"local" if source is Source.LOCAL else "followed": position}
        return replace(self, union=union, revision=self.revision + 1, **changed)


@dataclass(frozen=True, slots=True)
class Timing:
    """How a change went.

    Attributes:
        kernel, disk: seconds that it took there.
        not_kept: why it is live and not on disk; none when it is.
    """

    kernel: float = 0.0
    disk: float = 0.0
    not_kept: str | None = None


@dataclass(frozen=True, slots=True)
class Near:
    """A list that the kernel still holds, and what it takes to make of it what is wanted.

    Attributes:
        revision: of it.
        added, removed: few entries.
    """

    revision: int
    added: Allowlist
    removed: Allowlist
