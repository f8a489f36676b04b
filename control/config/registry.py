"""Settings of the registry: its database, what may be registered, and what may be taken off the list."""

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from control.config.database_url import database_url, text
from control.config.quantity import SECONDS, Quantity
from control.config.values import named_urls, whole, yes_or_no

PAUSE = Quantity("duration", SECONDS, least=0)


class RegistrySettings(BaseModel):
    """The registry."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    enabled: Annotated[bool, BeforeValidator(yes_or_no)] = Field(
        default=False, description="Whether the API serves the registry; without it there is the gateway alone."
    )
    url: Annotated[str, BeforeValidator(database_url)] = Field(
        default="",
        description="Its database, `sqlite:////a/file` or `postgresql://user:password@host/name`; empty is "
        "registry.db among the instance's state.",
    )
    worker_url: Annotated[str, BeforeValidator(database_url)] = Field(
        default="",
        description="The same for what does the jobs and what time brings, with a login of its own; empty is "
        "`registry.url`.",
    )
    owner_url: Annotated[str, BeforeValidator(database_url)] = Field(
        default="",
        description="The same for `wicket registry upgrade`, `roles`, `backup` and `restore`, with the login that owns "
        "the tables; empty is `registry.url`.",
    )
    key: Annotated[str, BeforeValidator(text)] = Field(
        default="",
        description="The file of its key, from which tokens are known and the audit's heads signed; the same on every "
        "machine that serves the registry. Empty is registry-key among the instance's state.",
    )
    witnesses: Annotated[tuple[str, ...], BeforeValidator(named_urls)] = Field(
        default=(),
        description="Where edges' APIs are, by the edges' names, as in `north=https://north.example`: "
        "`wicket registry audit verify --edge NAME` asks there for the heads of the audit that an edge has kept.",
    )
    categories: Annotated[str, BeforeValidator(text)] = Field(
        default="", description="A file of categories, documents and terms; empty is the one that comes with it."
    )
    allow_private: Annotated[bool, BeforeValidator(yes_or_no)] = Field(
        default=False, description="Whether private addresses may be registered, as in a lab."
    )
    allow_documentation: Annotated[bool, BeforeValidator(yes_or_no)] = Field(
        default=False, description="Whether addresses kept for documentation and benchmarks may be registered."
    )
    alone: Annotated[int, whole(0, 100_000_000)] = Field(
        default=20, description="Live entries that one officer alone may take off the list within a day."
    )
    alone_share: Annotated[int, whole(0, 100)] = Field(
        default=5, description="The same in per cent of the list; 100 is no limit."
    )
    alone_few: Annotated[int, whole(0, 100_000_000)] = Field(
        default=2, description="The same whatever their share, so that a small list can be worked with."
    )
    expire_batch: Annotated[int, whole(0, 100_000)] = Field(
        default=1000,
        description="Registrations that leave the list at once when their end has come and no edge has traffic of "
        "theirs; 0 leaves that to officers.",
    )
    expire_every: Annotated[int, BeforeValidator(PAUSE.read), PAUSE] = Field(
        default=600, description="Time between two such batches."
    )
    expire_grace: Annotated[int, BeforeValidator(PAUSE.read), PAUSE] = Field(
        default=86400,
        description="How long a registration stays on the list after it was found that its end has come; for as long, "
        "but a day at most, each edge has to have looked at its traffic.",
    )
    check_rate: Annotated[int, whole(1, 1_000_000)] = Field(
        default=60, description="Public questions (`/v1/check`) a minute that one address may ask."
    )
    address_rate: Annotated[int, whole(1, 1_000_000)] = Field(
        default=1200, description="Other requests a minute that may come from one address."
    )
    token_rate: Annotated[int, whole(1, 1_000_000)] = Field(
        default=1200, description="Requests a minute that one token may make."
    )

    @property
    def witness_urls(self) -> dict[str, str]:
        """Where edges' APIs are, by the edges' names."""
        return dict(each.rsplit("=", 1) for each in self.witnesses)
