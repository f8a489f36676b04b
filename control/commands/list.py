"""Commands about the local list: the whole of it, another in its place, and changes of it."""

from pydantic import BaseModel, Field

from control.commands.cut import Cut
from control.commands.request import Order, Reply, Request


class ListHead(Reply):
    """Which list it is; the body is the packed list."""

    epoch: str = Field(description="32 hexadecimal digits: the name of this list's history.")
    serial: int = Field(description="Counts the list's changes; it never goes back.")
    count: int = Field(description="Entries in the list.")
    etag: str = Field(description="Epoch and serial as an entity tag.")


class ReadList(Request[ListHead]):
    """Read the local list."""

    verb = "list"
    reply = ListHead


class Would(BaseModel):
    """The first prefixes that a dry run would add, change or remove, at most 100 each."""

    add: list[str] = Field(description="Prefixes that would be new, or have other terms.")
    remove: list[str] = Field(description="Prefixes that would go.")


class ListChanged(ListHead):
    """What a change of the list did, or in a dry run would do."""

    added: int = Field(description="Entries that are new or have other terms.")
    removed: int = Field(description="Entries that are gone; 0 when that is held.")
    removed_in_use: int = Field(description="Of those gone, how many had traffic in the last day.")
    in_use: list[str] = Field(description="The first of these.")
    live: bool = Field(description="Whether the kernel decides by this list; false for a dry run.")
    not_kept: str | None = Field(default=None, description="Why the disk has not taken it, though it is live.")
    warnings: list[str] = Field(default=[], description="What is odd about it: very wide, private; nearly full.")
    cut: Cut | None = Field(default=None, description="Whom it cuts, or would; none where it cuts nobody.")
    held: str | None = Field(default=None, description="Under which what it would cut is held: see `wicket held`.")
    why_held: list[str] = Field(default=[], description="What of the limits it exceeds; nothing of it is cut then.")
    would: Would | None = Field(default=None, description="Dry run only: which prefixes.")
    token: str | None = Field(default=None, description="By which to confirm what it cuts, or that undoes itself.")
    seconds: dict[str, float] = Field(description="How long each step took: `compare`, `kernel`, `disk`.")


class EndState(BaseModel):
    """An entry of the local list that has an end."""

    prefix: str
    left_s: float = Field(description="Seconds until then, while an agent looks.")
    who: str = Field(description="Gave it.")
    reason: str = Field(description="In their words.")


class ReplaceList(Order[ListChanged]):
    """Make another list the local one. The body is the packed list."""

    verb = "replace"
    reply = ListChanged

    if_match: str | None = Field(default=None, description="ETag of the list that it is meant for; none: any.")
    dry_run: bool = Field(default=False, description="Say what would change, and change nothing.")
    override: bool = Field(default=False, description="Do it though it exceeds the guard's limits.")
    doubtful: bool = Field(default=False, description="Take very wide, private and unrouted prefixes, too.")
    confirm_within: float | None = Field(
        default=None, ge=0, description="Seconds in which a cut is to be confirmed; 0: it stays; none: as configured."
    )
    allow_empty: bool = Field(default=False, description="Take an empty list, which otherwise is refused as a slip.")


class ChangeList(Order[ListChanged]):
    """Add entries and remove prefixes, all or nothing; a prefix in both stays.

    The body is a packed list of what is added and, behind it, a packed list of what is removed.
    """

    verb = "change"
    reply = ListChanged

    add_size: int = Field(description="Bytes of the body that are the first list.")
    lasts: float | None = Field(
        default=None, gt=0, description="Seconds after which what is added ends; none: it has no end."
    )
    if_match: str | None = Field(default=None, description="ETag of the list that it is meant for; none: any.")
    dry_run: bool = Field(default=False, description="Say what would change, and change nothing.")
    override: bool = Field(default=False, description="Do it though it exceeds the guard's limits.")
    doubtful: bool = Field(default=False, description="Take very wide, private and unrouted prefixes, too.")
    confirm_within: float | None = Field(
        default=None, ge=0, description="Seconds in which a cut is to be confirmed; 0: it stays; none: as configured."
    )
