"""/v1/providers: internet providers, and the queue of applications that each has before it."""

from datetime import timedelta
from functools import partial
from typing import Literal

from apiflask import APIBlueprint
from pydantic import BaseModel, Field
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api.kit.schema import Strict
from api.registry.applications import COLUMNS as APPLICATION_COLUMNS
from api.registry.applications import ApplicationRecord
from api.registry.desk import paging, store
from api.registry.desk.operation import Given, ViewAnswer, creates, patches, reads, steps
from api.registry.desk.paging import each_by
from api.registry.records import describe
from control.allowlist.entry import Entry, Prefix
from control.fault import Fault, Kind, Refused
from control.registry.access import sight
from control.registry.cases import records
from control.registry.parties import providers
from control.registry.parties.lines import Line
from control.registry.parties.providers import ProviderText
from control.registry.space import allocation_files, allocations, coverage
from control.registry.store import rows
from control.registry.store.database import utc_now
from control.registry.store.model import Application, Provider

PROMISED = timedelta(hours=8)
"""From submission to approval, as the regulator promises."""

blueprint = APIBlueprint("providers", __name__, tag="Providers")


ProviderRecord = describe("ProviderRecord", "A provider.", ProviderText)
ProviderPage = paging.page_of(ProviderRecord, "ProviderPage", "A page of providers.")


class ProviderQuery(paging.PageQuery):
    """Which providers, and in which order."""

    sort: Literal["id", "-id", "name", "-name"] = "id"
    name: Line | None = None


class QueuePage(paging.Page[ApplicationRecord]):
    """A page of what waits for a provider, the oldest first, and how it stands against the promise."""

    waiting: int = Field(description="Applications that wait for the provider.")
    oldest_seconds: float | None = Field(description="How long the oldest has waited; null when none waits.")
    promised_seconds: float = Field(description="How long submission to approval may take.")


class QueueQuery(paging.PageQuery):
    """Which page of the queue."""

    sort: Literal["submitted_at", "-submitted_at"] = "submitted_at"


class SpaceNew(Strict):
    """The address space of a provider."""

    prefixes: list[str] = Field(max_length=100_000)

    def read(self) -> list[Prefix]:
        """Return the prefixes.

        Raises:
            Refused: "invalid", with every fault.
        """
        return allocation_files.read_prefixes((f"prefixes[{place}]", text) for place, text in enumerate(self.prefixes))


class SpaceRecord(BaseModel):
    """The address space of a provider, as far as it is known."""

    prefixes: list[str]
    addresses: int = Field(description="Of IPv4, in all.")
    networks: int = Field(description="Of IPv6, of 64 bits, in all.")


COLUMNS: paging.Columns = {"id": Provider.id, "name": Provider.name}


@blueprint.get("/v1/providers")
@blueprint.input(ProviderQuery, location="query", arg_name="query")
@reads(ProviderPage, "provider.read")
def find(session: Session, query: ProviderQuery) -> ViewAnswer:
    """List providers.

    Everybody with a token sees them all: an applicant has to name one.
    """
    visible = sight.select_visible(store.actor(), Provider).where(*paging.filters(query, COLUMNS))
    return ViewAnswer(paging.listed(session, visible, query, COLUMNS, each_by(providers.record)))


@blueprint.post("/v1/providers")
@creates(ProviderRecord, "provider.create", ProviderText)
def create(given: Given[ProviderText]) -> ViewAnswer:
    """Enter a provider."""
    provider = providers.create(given.writing, given.body)
    return ViewAnswer(providers.record(provider), provider.version, f"/v1/providers/{provider.id}")


@blueprint.get("/v1/providers/<id:provider_id>")
@reads(ProviderRecord, "provider.read")
def read(session: Session, provider_id: str) -> ViewAnswer:
    """Read a provider."""
    provider = rows.find(session, store.actor(), Provider, provider_id)
    return ViewAnswer(providers.record(provider), provider.version)


@blueprint.patch("/v1/providers/<id:provider_id>")
@patches(ProviderRecord, "provider.edit", ProviderText)
def edit(given: Given[ProviderText], provider_id: str) -> ViewAnswer:
    """Change a provider's name or contacts."""
    edited = providers.edit(given.writing, provider_id, given.version, given.edit)
    return ViewAnswer(providers.record(edited), edited.version)


@blueprint.get("/v1/providers/<id:provider_id>/space")
@reads(SpaceRecord, "provider.read")
def read_space(session: Session, provider_id: str) -> ViewAnswer:
    """Read which address space is a provider's own."""
    return _space(session, rows.find(session, store.actor(), Provider, provider_id))


@blueprint.post("/v1/providers/<id:provider_id>/space")
@steps(SpaceRecord, "provider.space", SpaceNew)
def put_space(given: Given[SpaceNew], provider_id: str) -> ViewAnswer:
    """Put prefixes in the place of a provider's space.

    What an application asks for beside it takes an officer's explicit word; where none is known, nothing does.
    """
    provider = allocations.replace(given.writing, provider_id, given.version, given.body.read())
    return _space(given.writing.session, provider)


def _space(session: Session, provider: Provider) -> ViewAnswer:
    space = allocations.of(session, provider.id)
    covers = coverage.covered(space)
    return ViewAnswer(
        SpaceRecord(
            prefixes=[Entry(prefix).text for prefix in space], addresses=covers.addresses, networks=covers.networks
        ),
        provider.version,
    )


@blueprint.get("/v1/providers/<id:provider_id>/queue")
@blueprint.input(QueueQuery, location="query", arg_name="query")
@reads(QueuePage, "provider.queue")
def queue(session: Session, query: QueueQuery, provider_id: str) -> ViewAnswer:
    """Read what waits for a provider's word, the oldest first.

    A provider sees its own queue.
    """
    actor = store.actor()
    its = select(Provider.id).where(Provider.id == provider_id, sight.queues(actor))
    if session.scalar(its) is None:
        fault = Fault(provider_id, "is not your queue", "ask for your own")
        raise Refused(Kind.NOT_FOUND, "There is no such queue", [fault])
    before = (Application.provider_id == provider_id, Application.state == "submitted")
    waiting = sight.select_visible(actor, Application).where(*before)
    show = partial(records.applications, session, actor)
    page = paging.listed(session, waiting, query, APPLICATION_COLUMNS, show)
    sums = waiting.with_only_columns(func.count(), func.min(Application.submitted_at))
    count, oldest = session.execute(sums).one()
    return ViewAnswer(
        {
            **page,
            "waiting": count,
            "oldest_seconds": (utc_now() - oldest).total_seconds() if oldest else None,
            "promised_seconds": PROMISED.total_seconds(),
        }
    )
