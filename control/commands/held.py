"""Commands about what is held: entries that stay live although the feed's list has them no more."""

from pydantic import Field

from control.commands.request import Order, Reply, Request


class Held(Reply):
    """Entries that stay live, because the feed is of another line of serials than the one that gave them."""

    count: int = Field(description="How many.")
    prefixes: list[str] = Field(description="The first thousand.")


class ReadHeld(Request[Held]):
    """Ask what is held."""

    verb = "held"
    reply = Held


class HeldReleased(Reply):
    """What became of what was held."""

    released: int = Field(description="Entries that were held, and are now as the feed has them.")
    removed_in_use: int = Field(description="Of those that are gone, how many had traffic in the last day.")


class ReleaseHeld(Order[HeldReleased]):
    """Have what is held removed, or narrowed, as the feed has it."""

    verb = "release"
    reply = HeldReleased
