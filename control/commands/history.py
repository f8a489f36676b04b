"""Commands about what was changed here, and the way back."""

from pydantic import BaseModel, Field

from control.commands.cut import Cut
from control.commands.request import Order, Reply, Request

MOST_REVISION = 2**63 - 1
"""SQLite, in which an edge keeps them, has no larger number (its file format, section 2.1): there is none beyond."""


class RevisionState(BaseModel):
    """One revision of the live list: a change of one of the two lists that it is made of."""

    revision: int = Field(description="That it led to; counts the changes of either list.")
    list: str = Field(description="Which of the two it changed: `local`, `feed`.")
    serial: int = Field(description="Of that list afterwards.")
    count: int = Field(description="Entries of that list afterwards.")
    at: float = Field(description="When, in seconds since 1970.")
    door: str = Field(description="By which it came.")
    who: str = Field(description="Asked for it.")
    reason: str = Field(description="In the words of whoever asked.")
    added: int = Field(description="Entries that were new or had other terms.")
    removed: int = Field(description="Entries that went.")
    cut: int = Field(description="Entries of the live list of which less was let through.")
    in_use: int = Field(description="Of these, how many had traffic in the last day.")
    held: int = Field(description="Entries that it would have cut as well, and that were held.")
    consent: str = Field(description="`overridden` where somebody said so unseen, `agreed` where they released it.")


class LastRevisions(Reply):
    """The last revisions."""

    revisions: list[RevisionState] = Field(description="The newest first.")


class ReadHistory(Request[LastRevisions]):
    """Ask what was changed."""

    verb = "history"
    reply = LastRevisions

    most: int = Field(default=50, ge=1, le=10_000, description="Revisions at most.")


class RevisionShown(Reply):
    """What one revision did."""

    state: RevisionState
    is_known: bool = Field(description="Whether its entries are known still; those of long ago are let go of.")
    added: list[str] = Field(description="The first thousand prefixes that were new or had other terms.")
    removed: list[str] = Field(description="The first thousand that went.")


class ShowRevision(Request[RevisionShown]):
    """Ask what one revision did."""

    verb = "history_show"
    reply = RevisionShown

    revision: int = Field(description="Which.")


class Difference(Reply):
    """What the live list of one revision has beside, and lacks of, another's."""

    added: int = Field(description="Entries that the second has and the first has not, or has with other terms.")
    removed: int = Field(description="Entries of the first that the second has not.")
    adds: list[str] = Field(description="The first thousand added.")
    removes: list[str] = Field(description="The first thousand removed.")


class CompareRevisions(Request[Difference]):
    """Ask what is between two revisions."""

    verb = "history_diff"
    reply = Difference

    one: int = Field(description="The first revision.")
    other: int = Field(description="The second.")


class RolledBack(Reply):
    """What a rollback did."""

    revision: int = Field(description="Of the live list now: it never goes back.")
    serial: int = Field(description="Of the local list now.")
    count: int = Field(description="Entries of the live list now.")
    added: int = Field(description="Entries that are let through again, or on other terms.")
    removed: int = Field(description="Entries of the local list that are gone.")
    cut: Cut | None = Field(default=None, description="Whom it cuts, or would; none where it cuts nobody.")
    held: str | None = Field(default=None, description="Under which what it would cut is held.")
    why_held: list[str] = Field(default=[], description="What of the limits it exceeds.")
    live: bool = Field(description="False for a dry run.")
    not_kept: str | None = Field(default=None, description="Why the disk has not taken it, though it is live.")
    token: str | None = Field(default=None, description="By which to confirm what it cuts, or that undoes itself.")
    seconds: dict[str, float] = Field(description="How long each step took: `compare`, `kernel`, `disk`.")


class RollBack(Order[RolledBack]):
    """Make the local list again what it was at a revision, and let through again what the feed's then did."""

    verb = "rollback"
    reply = RolledBack

    revision: int = Field(description="Which.")
    dry_run: bool = Field(default=False, description="Say what would change, and change nothing.")
    override: bool = Field(default=False, description="Do it though it exceeds the guard's limits.")
    confirm_within: float | None = Field(
        default=None, ge=0, description="Seconds in which a cut is to be confirmed; 0: it stays; none: as configured."
    )
