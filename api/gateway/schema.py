"""What the endpoints take and give, beside the list's rows (control/allowlist/schema.py).

These models validate, serialise and, named by the contracts of the views, become the OpenAPI document.
"""

from typing import Literal

from pydantic import BaseModel, Field

from api.kit.schema import Strict, named
from control.allowlist.schema import EntryModel
from control.commands.cut import Cut
from control.commands.list import Would
from control.commands.policy import ProtocolName

Format = Literal["json", "ndjson", "csv"]


class ListQuery(Strict):
    """Parameters of reading the list."""

    format: Format | None = Field(None, description="The format of the answer; goes before the header Accept.")


class ChangeQuery(Strict):
    """Parameters of whatever may cut."""

    dry_run: bool = Field(False, description="Say what would change, and change nothing.")
    override: bool = Field(
        False, description="Do it though it exceeds the guard's limits; not where that takes two persons."
    )
    confirm_within: float | None = Field(
        None, ge=0, description="Seconds in which a cut is to be confirmed, or it undoes itself; none: as configured."
    )


class ListChangeQuery(ChangeQuery):
    """Parameters of a batch of changes of the list."""

    doubtful: bool = Field(False, description="Take very wide, private and unrouted prefixes, too: they are meant.")


class ReplaceQuery(ListChangeQuery):
    """Parameters of a replacement."""

    allow_empty: bool = Field(False, description="Take an empty list, which otherwise is refused as a slip.")


class CheckQuery(Strict):
    """Parameters of the public question."""

    address: str = Field(description="An IPv4 or IPv6 address.", max_length=64, examples=["192.0.2.1", "2001:db8::1"])
    protocol: ProtocolName | None = Field(None, description="Answer for this protocol alone; none: for any.")
    port: int | None = Field(None, ge=1, le=65535, description="Answer for this port alone; none: for any.")


class BatchModel(Strict):
    """Changes that are made in one step, all or nothing."""

    model_config = named("Batch")

    add: list[EntryModel | str] = Field([], description="Entries to add; a string is one of just that prefix.")
    remove: list[str] = Field([], description="Prefixes to remove.")


class ChangeModel(BaseModel):
    """What a change of the list did; it is answered once the kernel has it."""

    model_config = named("Change")

    epoch: str = Field(description="Random name of this list's history.")
    serial: int = Field(description="Counts the list's changes; it never goes back.")
    count: int = Field(description="Entries in the list.")
    added: int = Field(description="Entries that are new or have other terms.")
    removed: int = Field(description="Entries that are gone; 0 when that is held.")
    removed_in_use: int = Field(description="Of those gone, how many had traffic in the last day.")
    in_use: list[str] = Field(description="The first of these.")
    live: bool = Field(description="Whether the kernel decides by this list; false for a dry run.")
    dry_run: bool = False
    cut: Cut | None = Field(None, description="Whom it cuts, or would; none where it cuts nobody.")
    held: str | None = Field(None, description="Under which what it would cut is held: see `/v1/held`.")
    why_held: list[str] = Field([], description="What of the limits it exceeds; nothing of it is cut then.")
    token: str | None = Field(None, description="By which to confirm what it cuts, or that undoes itself.")
    would: Would | None = Field(None, description="Dry run only: which prefixes.")
    not_kept: str | None = Field(None, description="Why the disk has not taken it, though it is live.")
    warnings: list[str] = Field([], description="What is odd about it: very wide, private; nearly full.")
    seconds: dict[str, float] = Field(description="How long each step took, `read` being that of the body.")


class Alive(BaseModel):
    """The API's process answers."""

    alive: Literal[True] = True


class Ready(BaseModel):
    """Everything that is served here can be."""

    ready: Literal[True] = True
    serial: int = Field(description="Of the gateway's local list; of the registry's where there is no gateway.")
