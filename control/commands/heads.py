"""Commands about the heads of the registry's audit that this edge has kept."""

from pydantic import BaseModel, Field

from control.commands.request import Reply, Request


class KeptHead(BaseModel):
    """A head, and when it was seen."""

    place: int = Field(description="Its number here, in the order in which this edge saw them.")
    seen_at: float = Field(description="When, by this edge's clock, in seconds since 1970.")
    line: str = Field(description="The signed head as it came, as JSON.")


class KeptHeads(Reply):
    """Heads that this edge has kept."""

    heads: list[KeptHead] = Field(description="In the order in which they were seen.")
    doubt: str | None = Field(description="What is odd about them; null: nothing is.")


class ReadHeads(Request[KeptHeads]):
    """Ask for the heads of the registry's audit that this edge has kept."""

    verb = "heads"
    reply = KeptHeads

    after: int = Field(default=0, ge=0, le=2**62, description="Behind this place.")
    most: int = Field(default=1000, ge=1, le=10_000, description="Heads at most.")
