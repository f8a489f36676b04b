"""How long a list may be here, and when it nearly is."""

from control.allowlist.allowlist import Allowlist
from control.fault import Fault, Kind, Refused

NEARLY = 0.8  # of list.max_entries, from which on it is said


def demand_room(new: Allowlist, most: int) -> None:
    """Hold a list against how long one may be.

    Raises:
        Refused: "too-large": it is longer.
    """
    if len(new) > most:
        why = f"{len(new)} entries are more than the {most} allowed here"
        raise Refused(Kind.TOO_LARGE, "The list is too long", [Fault("the list", why, "raise list.max_entries")])


def nearly_full(count: int, most: int) -> list[str]:
    """Return in words that a list will soon be as long as it may be; nothing where it will not."""
    if count <= NEARLY * most:
        return []
    return [f"{count:,} entries of the {most:,} that list.max_entries allows: raise it before no more are taken"]
