"""Whom a change cuts, as whoever asks is told."""

from pydantic import BaseModel, Field


class CutEntry(BaseModel):
    """One entry of the live list that is cut."""

    prefix: str = Field(description="As lists write it.")
    note: str = Field(description="What the list says of it: the registration, where the registry gave it.")
    seen_s: float | None = Field(description="Seconds since its last traffic, as far as known; none: none is known.")


class Cut(BaseModel):
    """Entries of the live list of which less is let through."""

    count: int = Field(description="How many.")
    known_s: float = Field(description="For how many seconds traffic has been looked at here, a day at most.")
    minute: int | None = Field(
        description="Of these, how many had traffic in the last minute; more, where `known_s` is less. None: not known."
    )
    hour: int | None = Field(description="In the last hour; none: not known yet.")
    day: int | None = Field(description="In the last day; none: not known yet.")
    entries: list[CutEntry] = Field(description="The first of them, those with the latest traffic first.")
