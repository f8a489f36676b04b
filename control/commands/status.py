"""The command that asks how an edge stands."""

from pydantic import BaseModel, ConfigDict, Field

from control.commands.bypass import BypassState
from control.commands.confirm import PendingState
from control.commands.held import HeldItem
from control.commands.interfaces import InterfaceState
from control.commands.list import EndState
from control.commands.policy import Rule
from control.commands.request import Reply, Request
from control.commands.rollout import PlanState


class Live(BaseModel):
    """The live list: the local one and the feed's together."""

    revision: int = Field(description="Counts the changes of either list.")
    count: int = Field(description="Entries in it.")


class ContactState(BaseModel):
    """How the edge stands with its feed."""

    feed: str = Field(description="Where the list is followed from, without a password.")
    name: str = Field(description="Under which the feed knows this edge.")
    trouble: str | None = Field(description="Why the last attempt failed.")
    doubt: str | None = Field(default=None, description="What is odd about the heads of its audit.")
    unacknowledged: int = Field(description="Serials that are live here, of which the feed could not be told.")
    lag_s: float = Field(description="Seconds for which the feed may have had something that is not live here.")
    complete_at: float = Field(description="When all that the feed had was last live, in seconds since 1970.")


class FeedState(BaseModel):
    """The feed's list, as far as it is live here."""

    epoch: str
    serial: int
    count: int
    held: int | None = Field(
        description="Of these, how many the feed's list has no more, or narrower. None before the feed has answered."
    )
    contact: ContactState | None = Field(description="None where a feed was followed once, and is not any more.")


class GenerationState(BaseModel):
    """The generation that is live in the kernel."""

    slot: int = Field(description="Its place among the generations.")
    revision: int = Field(description="Of the live list that it holds.")
    map_entries: int = Field(description="Entries in its hash map: prefixes, IPv6, narrowed, overflowed.")
    map_capacity: int = Field(description="Entries that its hash map has room for.")
    buckets: int = Field(description="Buckets of its exact set.")
    held: list[int] = Field(description="Revisions of all generations that the kernel holds.")


class NetworkState(BaseModel):
    """What is the network's own."""

    addresses: int = Field(description="Of the router itself: packets from and to these are never refused.")
    nat64: list[str] = Field(description="Prefixes behind which an entry for an IPv4 address holds for that inside.")
    trouble: str | None = Field(description="Why the program does not know all of these addresses.")


class LeaseState(BaseModel):
    """For how long dropping is allowed."""

    seconds: int = Field(description="At each renewal.")
    left: float = Field(description="Seconds from now.")
    earned_after: float = Field(description="Seconds that an agent has to work before it renews.")


class Status(Reply):
    """How an edge stands."""

    model_config = ConfigDict(serialize_by_alias=True, validate_by_alias=True, validate_by_name=True)

    instance: str
    epoch: str = Field(description="Of the local list's serials.")
    serial: int = Field(description="Of the local list.")
    etag: str = Field(description="Of the local list.")
    count: int = Field(description="Entries in the local list.")
    max_entries: int = Field(description="Entries that either list may have.")
    nearly_full: list[str] = Field(description="Which list soon has as many, in words.")
    live: Live
    feed: FeedState | None = Field(description="None where none is followed, nor was.")
    source_digest: str = Field(alias="schema", description="SHA-256 of the sources that the program is made of.")
    generation: GenerationState | None = Field(description="None before the first list.")
    interfaces: list[InterfaceState]
    bypass: BypassState
    network: NetworkState
    lease: LeaseState
    policy: dict[str, Rule]
    starts: int = Field(description="Agents started since one of them last worked for long.")
    found: list[str] = Field(description="What the start found amiss in kernel or on disk.")
    held: list[HeldItem] = Field(description="What would cut more than may be cut unseen, and waits for a person.")
    plans: list[PlanState] = Field(description="Policies that are enforced in steps.")
    to_confirm: list[PendingState] = Field(description="Changes that undo themselves unless they are confirmed.")
    ends: list[EndState] = Field(description="Entries of the local list that have an end.")
    undone: list[str] = Field(description="What undid itself since the agent started: by the breaker, unconfirmed.")
    not_kept: list[str] = Field(description="What is live in the kernel and not on disk, and why.")
    pinned: bool = Field(description="Whether a restart can adopt what is in the kernel.")
    uptime_s: float
    memory_bytes: int
    pid: int


class ReadStatus(Request[Status]):
    """Ask how the edge stands."""

    verb = "status"
    reply = Status
