"""Settings of the guard: how much may be cut before somebody has to look at it."""

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from control.config.values import prefixes, whole, yes_or_no

Count = Annotated[int, whole(0, 100_000_000)]
Percent = Annotated[int, whole(0, 100)]


class GuardSettings(BaseModel):
    """What one change, and all of a day, may cut. 100 per cent is no limit."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    few: Count = Field(default=2, description="Entries that a change may cut whatever their share of the list.")
    few_a_day: Count = Field(default=5, description="The same within a day.")
    share: Percent = Field(default=5, description="Per cent of the live list that a change may cut.")
    share_a_day: Percent = Field(default=10, description="The same within a day.")
    entries: Count = Field(default=20_000, description="Entries that a change may cut, however long the list.")
    entries_a_day: Count = Field(default=50_000, description="The same within a day.")
    few_in_use: Count = Field(
        default=1, description="Entries with traffic in the last day that a change may cut whatever their share."
    )
    few_in_use_a_day: Count = Field(default=3, description="The same within a day.")
    share_in_use: Percent = Field(default=2, description="Per cent of the entries in use that a change may cut.")
    share_in_use_a_day: Percent = Field(default=5, description="The same within a day.")
    in_use: Count = Field(default=100, description="Entries in use that a change may cut, however many there are.")
    in_use_a_day: Count = Field(default=300, description="The same within a day.")
    persons: Annotated[int, whole(1, 2)] = Field(
        default=1, description="How many people it takes to have done what exceeds a limit, who asked for it included."
    )
    doubtful: Annotated[bool, BeforeValidator(yes_or_no)] = Field(
        default=False,
        description="Whether very wide, private and unrouted prefixes may be added by hand unsaid, as in a lab.",
    )
    protected: Annotated[tuple[str, ...], BeforeValidator(prefixes)] = Field(
        default=(),
        description="Addresses and prefixes that nobody cuts alone: consoles, neighbours, the registry itself.",
    )
