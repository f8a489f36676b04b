"""Every setting with its default, its limits and what it is for: docs/configuration.md is held against this."""

from ipaddress import IPv6Network
from pathlib import Path
from socket import gethostname
from typing import Annotated, Any, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from control.allowlist import nat64
from control.allowlist.entry import Bounds
from control.config.database_url import database_url, text
from control.config.guard import GuardSettings
from control.config.quantity import BYTES, SECONDS, Quantity
from control.config.registry import RegistrySettings
from control.config.rollout import RolloutSettings
from control.config.values import (
    directory,
    host_and_port,
    instance_name,
    interface_name,
    nat64_prefixes,
    one_of,
    whole,
    yes_or_no,
)
from control.fault import BadValueError, shown
from control.vocabulary import ATTACH_MODES

LEASE = Quantity("duration", SECONDS, least=10)
SWEEP = Quantity("duration", SECONDS, least=1)
POLL = Quantity("duration", SECONDS, least=1)
SIZE = Quantity("size", BYTES, least=1 << 10)

MAX_SOCKET_PATH = 107
"""Bytes of a Unix socket's path: sun_path of linux/un.h, less the final NUL."""


Directory = Annotated[Path, BeforeValidator(directory)]


class Settings(BaseModel):
    """A table of settings: unknown ones are refused, and none changes once read."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class InterfaceSettings(Settings):
    """An interface that the agent guards from its start on."""

    name: Annotated[str, BeforeValidator(interface_name)] = Field(description="Its name, such as eth0.")
    mode: Annotated[str, one_of(*ATTACH_MODES)] = Field(
        default="auto",
        description="Where the program runs: in the driver (native), in the stack (generic), or in the driver when "
        "it can and else in the stack with a warning (auto).",
    )


class ListSettings(Settings):
    """What a list may be."""

    max_entries: Annotated[int, whole(1, 100_000_000)] = Field(
        default=4_000_000, description="Entries that the list may hold; one that has more is refused."
    )
    max_body: Annotated[int, BeforeValidator(SIZE.read), SIZE] = Field(
        default=64 << 20, description="Size of the largest list that the API takes."
    )
    widest_ipv4: Annotated[int, whole(1, 32)] = Field(
        default=8, description="Shortest IPv4 prefix length that an entry may have."
    )
    widest_ipv6: Annotated[int, whole(1, 128)] = Field(
        default=16, description="Shortest IPv6 prefix length that an entry may have."
    )
    generations: Annotated[int, whole(2, 7)] = Field(
        default=3, description="Generations of the list kept in the kernel, to roll back to at once."
    )

    @property
    def bounds(self) -> Bounds:
        """The widest prefixes that an entry may have."""
        return Bounds(self.widest_ipv4, self.widest_ipv6)


class Nat64Settings(Settings):
    """What a NAT64 of the network translates."""

    prefixes: Annotated[tuple[str, ...], BeforeValidator(nat64_prefixes)] = Field(
        default=(nat64.WELL_KNOWN,),
        description="IPv6 prefixes behind which an entry for an IPv4 address holds for that address inside (RFC 6052): "
        "the operator's own beside the well-known one; at most 8, and none turns it off.",
    )

    @property
    def networks(self) -> tuple[IPv6Network, ...]:
        """The prefixes, read."""
        return tuple(map(nat64.read_prefix, self.prefixes))


class ApiSettings(Settings):
    """The HTTP API."""

    listen: Annotated[str, BeforeValidator(host_and_port)] = Field(
        default="127.0.0.1:8080", description="Address and port that it listens on; loopback unless told otherwise."
    )
    workers: Annotated[int, whole(1, 64)] = Field(default=2, description="Processes that answer.")
    threads: Annotated[int, whole(1, 256)] = Field(default=4, description="Threads of each process.")
    gateway: Annotated[bool, BeforeValidator(yes_or_no)] = Field(
        default=True,
        description="Whether there is a gateway on this machine to serve; false on a machine of the registry alone.",
    )


class FeedSettings(Settings):
    """The feed that an edge follows."""

    url: Annotated[str, BeforeValidator(database_url)] = Field(
        default="",
        description="The registry's database to follow, written as `registry.url`; empty is none, and what was "
        "followed last stays live.",
    )
    poll: Annotated[int, BeforeValidator(POLL.read), POLL] = Field(
        default=5,
        description="Time after which the agent looks for changes though the feed tells of none, and between attempts "
        "when it cannot be reached.",
    )
    report: Annotated[int, BeforeValidator(POLL.read), POLL] = Field(
        default=60, description="Time between two reports to the registry of which of its entries are in use."
    )
    name: Annotated[str, BeforeValidator(text)] = Field(
        default="",
        description="Name under which the registry knows this edge; empty is that of the machine and the instance.",
    )


class LogSettings(Settings):
    """What is logged, and how."""

    level: Annotated[str, one_of("debug", "info", "warning", "error")] = Field(
        default="info", description="The least that is logged: debug, info, warning or error."
    )
    format: Annotated[str, one_of("auto", "console", "json", "journal")] = Field(
        default="auto",
        description="Lines for people (console), an object a line for programs (json), systemd's journal with each "
        "value a field (journal); or journal where standard error goes there, and else console (auto).",
    )


class Config(Settings):
    """Everything that can be set. Durations are seconds and sizes bytes once read."""

    instance: Annotated[str, BeforeValidator(instance_name)] = Field(
        default="main", description="Name that keeps several gateways on one machine apart."
    )
    bpffs: Directory = Field(
        default=Path("/sys/fs/bpf/wicketgate"),
        description="Directory on a bpffs where each instance has a directory of pinned maps and programs.",
    )
    state: Directory = Field(
        default=Path("/var/lib/wicketgate"),
        description="Directory where each instance keeps its accepted list and the API's token.",
    )
    run: Directory = Field(
        default=Path("/run/wicketgate"), description="Directory where each instance has the agent's socket."
    )
    lease: Annotated[int, BeforeValidator(LEASE.read), LEASE] = Field(
        default=3600,
        description="Time after the agent's last sign of life until the program stops dropping and only counts.",
    )
    sweep: Annotated[int, BeforeValidator(SWEEP.read), SWEEP] = Field(
        default=5, description="Time between two looks at which entries were seen in traffic."
    )
    bypass_file: Annotated[str, BeforeValidator(text)] = Field(
        default="",
        description="File whose presence stops all dropping, for configuration management; empty is `bypass` beside "
        "the configuration file.",
    )
    interfaces: tuple[InterfaceSettings, ...] = Field(
        default=(), description="Interfaces to guard, each a table [[interfaces]]."
    )
    list: ListSettings = Field(default=ListSettings(), description="Limits of the list.")
    nat64: Nat64Settings = Field(default=Nat64Settings(), description="What a NAT64 translates.")
    guard: GuardSettings = Field(default=GuardSettings(), description="What may be cut at a time.")
    rollout: RolloutSettings = Field(default=RolloutSettings(), description="How policies are tightened.")
    api: ApiSettings = Field(default=ApiSettings(), description="The HTTP API.")
    registry: RegistrySettings = Field(default=RegistrySettings(), description="The registry.")
    feed: FeedSettings = Field(default=FeedSettings(), description="The feed.")
    log: LogSettings = Field(default=LogSettings(), description="The log.")

    @field_validator("interfaces")
    @classmethod
    def _each_once(cls, interfaces: tuple[InterfaceSettings, ...]) -> tuple[InterfaceSettings, ...]:
        names = [interface.name for interface in interfaces]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise BadValueError(f"{', '.join(twice)} is there twice", "name each interface once")
        return interfaces

    @model_validator(mode="after")
    def _socket_path_is_short_enough(self) -> Self:
        if len(str(self.socket).encode()) > MAX_SOCKET_PATH:
            why = f"run: {shown(str(self.socket))} is longer than a socket's path may be ({MAX_SOCKET_PATH} bytes)"
            raise BadValueError(why, "set run to a shorter path")
        return self

    @model_validator(mode="after")
    def _there_is_something_to_serve(self) -> Self:
        if not self.api.gateway and not self.registry.enabled:
            why = "api.gateway: it is false, and there is no registry either: the API has nothing to serve"
            raise BadValueError(why, "write registry.enabled = true, or leave api.gateway out")
        return self

    @property
    def pins(self) -> Path:
        """The directory of this instance's pinned maps and programs."""
        return self.bpffs / self.instance

    @property
    def state_dir(self) -> Path:
        """The directory of this instance's state."""
        return self.state / self.instance

    @property
    def socket(self) -> Path:
        """The agent's Unix socket."""
        return self.run / self.instance / "agent.sock"

    @property
    def bypass_path(self) -> Path | None:
        """The file whose presence stops all dropping."""
        return Path(self.bypass_file) if self.bypass_file else None

    @property
    def compiler_scratch(self) -> Path:
        """The directory of the compiler's own files while it compiles this instance's program."""
        return self.run / self.instance / "compiler"

    @property
    def registry_url(self) -> str:
        """The URL of the registry's database."""
        return self.registry.url or f"sqlite:///{self.state_dir / 'registry.db'}"

    @property
    def registry_worker_url(self) -> str:
        """The URL of the registry's database for whoever does its jobs."""
        return self.registry.worker_url or self.registry_url

    @property
    def registry_owner_url(self) -> str:
        """The URL of the registry's database for whoever makes its tables, and copies them whole."""
        return self.registry.owner_url or self.registry_url

    @property
    def edge_name(self) -> str:
        """The name under which the registry knows this edge."""
        return self.feed.name or f"{gethostname()}/{self.instance}"

    @property
    def key_file(self) -> Path:
        """The file of the registry's key."""
        return Path(self.registry.key) if self.registry.key else self.state_dir / "registry-key"

    @property
    def token_file(self) -> Path:
        """The file of the API's bearer token."""
        return self.state_dir / "api-token"


def spelled(field: Any, value: object) -> str:
    """Return a setting's value as TOML writes it."""
    quantity = next((each for each in field.metadata if isinstance(each, Quantity)), None)
    if quantity and isinstance(value, int):
        return f'"{quantity.spell(value)}"'
    if isinstance(value, tuple):
        return str(list(value))
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int) else f'"{value}"'
