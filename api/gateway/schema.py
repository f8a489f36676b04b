"""What the endpoints take and give, beside the list's rows (control/allowlist/schema.py).

These models validate, serialise and, through APIFlask, become the OpenAPI document.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, RootModel

from control.allowlist.schema import EntryModel
from control.commands.list import Would
from control.commands.policy import ProtocolName, Rule
from control.vocabulary import VPN_PROTOCOLS

Media = Literal["json", "ndjson", "csv"]


class Strict(BaseModel):
    """A model that refuses a member which it does not know: a slip of the pen must not pass for a default."""

    model_config = ConfigDict(extra="forbid")


class ListQuery(Strict):
    """Parameters of reading the list."""

    format: Media | None = Field(None, description="The format of the answer; goes before the header Accept.")


class ChangeQuery(Strict):
    """Parameters of a batch of changes."""

    dry_run: bool = Field(False, description="Say what would change, and change nothing.")


class ReplaceQuery(ChangeQuery):
    """Parameters of a replacement."""

    allow_empty: bool = Field(False, description="Take an empty list, which otherwise is refused as a slip.")


class CheckQuery(Strict):
    """Parameters of the public question."""

    address: str = Field(description="An IPv4 or IPv6 address.", max_length=64, examples=["192.0.2.1", "2001:db8::1"])


class Batch(Strict):
    """Changes that are made in one step, all or nothing."""

    add: list[EntryModel | str] = Field([], description="Entries to add; a string is one of just that prefix.")
    remove: list[str] = Field([], description="Prefixes to remove.")


class Change(BaseModel):
    """What a change of the list did; it is answered once the kernel has it."""

    epoch: str = Field(description="Random name of this list's history.")
    serial: int = Field(description="Counts the list's changes; it never goes back.")
    count: int = Field(description="Entries in the list.")
    added: int = Field(description="Entries that are new or have other terms.")
    removed: int = Field(description="Entries that are gone.")
    removed_in_use: int = Field(description="Of those gone, how many had traffic in the last day.")
    in_use: list[str] = Field(description="The first of these.")
    live: bool = Field(description="Whether the kernel decides by this list; false for a dry run.")
    dry_run: bool = False
    would: Would | None = Field(None, description="Dry run only: which prefixes.")
    seconds: dict[str, float] = Field(description="How long each step took, `read` being that of the body.")


class Policy(RootModel[dict[ProtocolName, Rule]]):
    """A rule for each protocol; in a PUT, the protocols not named keep theirs."""

    model_config = ConfigDict(json_schema_extra={"propertyNames": {"enum": list(VPN_PROTOCOLS)}, "minProperties": 1})


class Check(BaseModel):
    """Whether an address is registered, and live on this gateway."""

    address: str
    registered: bool
    live: bool = Field(description="Whether the kernel has it.")
    prefix: str | None = Field(description="The entry that holds the address.")
    serial: int


class Alive(BaseModel):
    """The API's process answers."""

    alive: Literal[True] = True


class Ready(BaseModel):
    """Everything that is served here can be."""

    ready: Literal[True] = True
    serial: int = Field(description="Of the gateway's local list; of the registry's where there is no gateway.")


class Error(BaseModel):
    """One thing that is wrong."""

    where: str
    why: str
    mend: str
    pointer: str | None = Field(None, description="JSON pointer to the member of the body, when it is one.")


class Problem(BaseModel):
    """Why nothing was done (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[Error]
    request_id: str
