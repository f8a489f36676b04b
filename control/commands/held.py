"""Commands about what is held: what would cut more than may be cut before somebody has looked at it."""

from pydantic import BaseModel, Field

from control.commands.cut import Cut
from control.commands.request import Order, Reply, Request

FEED = "feed"
"""Under which what is held of the feed's list is asked for; of the local list it is a number."""


class HeldItem(BaseModel):
    """Something that is held: the entries stay live meanwhile."""

    id: str = Field(description="By which it is asked for: a number, or `feed` for what the feed's list lacks.")
    count: int = Field(description="Entries that it is about.")
    in_use: int = Field(description="Of these, how many had traffic in the last day when it was held.")
    why: list[str] = Field(description="What it exceeds, in words.")
    door: str = Field(description="By which it came.")
    who: str = Field(description="Asked for it.")
    reason: str = Field(description="In the words of whoever asked.")
    at: float | None = Field(description="When, in seconds since 1970; none for the feed's.")
    persons: int = Field(description="How many people it takes to release it.")
    agreed: list[str] = Field(description="Who wants it done so far, whoever asked for it first.")
    prefixes: list[str] = Field(description="The first twenty.")


class Held(Reply):
    """Everything that is held."""

    items: list[HeldItem] = Field(description="The oldest first.")


class ReadHeld(Request[Held]):
    """Ask what is held."""

    verb = "held"
    reply = Held


class HeldShown(Reply):
    """One thing that is held, with whom it would cut now."""

    item: HeldItem
    cut: Cut = Field(description="Whom it would cut, the first thousand by name.")


class ShowHeld(Request[HeldShown]):
    """Ask whom it would cut to release something."""

    verb = "held_show"
    reply = HeldShown

    id: str = Field(description="Which.")


class HeldDecided(Reply):
    """What became of something that was held."""

    done: bool = Field(description="Whether that is done now; false: it takes one more person.")
    entries: int = Field(description="Entries that were held.")
    in_use: int = Field(description="Of those that were cut by it, how many had traffic in the last day.")
    agreed: list[str] = Field(description="Who wants it done so far.")


class ReleaseHeld(Order[HeldDecided]):
    """Have done what is held: entries are removed, or narrowed. Where it takes two, the second person does it."""

    verb = "release"
    reply = HeldDecided

    id: str = Field(description="Which.")


class DropHeld(Order[HeldDecided]):
    """Have it not done: the entries stay. What the feed lacks stays as the edge's own, on the local list."""

    verb = "held_drop"
    reply = HeldDecided

    id: str = Field(description="Which.")
