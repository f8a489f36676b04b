"""What the endpoints take and give, beside the list's rows (control/allowlist/schema.py).

These models validate, serialise and, through APIFlask, become the OpenAPI document.
"""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, RootModel, WithJsonSchema

from control.allowlist.schema import EntryModel
from control.vocabulary import MODES, VPN_PROTOCOLS

Media = Literal["json", "ndjson", "csv"]


def _one_of(known: tuple[str, ...]) -> AfterValidator:
    def check(name: str) -> str:
        if name not in known:
            raise ValueError(f"it must be one of {', '.join(known)}")
        return name

    return AfterValidator(check)


def _schema_of(known: tuple[str, ...]) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "enum": list(known)})


ProtocolName = Annotated[str, _one_of(VPN_PROTOCOLS), _schema_of(VPN_PROTOCOLS)]
ModeName = Annotated[str, _one_of(MODES), _schema_of(MODES)]


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


class Would(BaseModel):
    """The first prefixes that a dry run would add, change or remove, at most 100 each."""

    add: list[str] = Field(description="Prefixes that would be new, or have other terms.")
    remove: list[str] = Field(description="Prefixes that would go.")


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


class Rule(Strict):
    """What happens to the unregistered handshakes of a protocol. Both members are needed: none is guessed."""

    mode: ModeName = Field(description="`monitor` counts, `enforce` drops.")
    share: int = Field(strict=True, ge=0, le=100, description="Per cent of the flows that `enforce` is for.")


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


class Status(BaseModel):
    """What the agent says of itself; members may be added."""

    model_config = ConfigDict(extra="allow")

    instance: str
    epoch: str
    serial: int
    count: int
    generation: dict[str, Any] | None = Field(description="The list in the kernel, its size and room; null for none.")
    interfaces: list[dict[str, Any]] = Field(description="Where the program is attached, mode asked and got.")
    lease: dict[str, Any] = Field(description="Seconds for which dropping is allowed, and those left.")
    policy: Policy
    uptime_s: float


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
