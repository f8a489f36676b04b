"""/v1/providers: internet providers, and the queue of applications that each has before it."""

from datetime import timedelta
from typing import Literal

from apiflask import APIBlueprint
from pydantic import Field
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api.registry import paging, store
from api.registry.applications import COLUMNS as APPLICATION_COLUMNS
from api.registry.applications import ApplicationRecord
from api.registry.operation import Answer, Given, creates, patches, reads
from api.registry.records import describe
from api.registry.sight import WIDE
from control.fault import Fault, Kind, Refused
from control.registry.cases import records
from control.registry.parties import bodies
from control.registry.parties.bodies import ProviderText
from control.registry.parties.lines import Line
from control.registry.store import rows
from control.registry.store.database import utc_now
from control.registry.store.model import Application, Provider

PROMISED = timedelta(hours=8)
"""From submission to approval, as the regulator promises."""

READERS = ("registrant", "provider", "officer", "operator", "auditor")

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


COLUMNS: paging.Columns = {"id": Provider.id, "name": Provider.name}


@blueprint.get("/v1/providers")
@blueprint.input(ProviderQuery, location="query", arg_name="query")
@reads(ProviderPage, READERS)
def find(session: Session, query: ProviderQuery) -> Answer:
    """List providers.

    Everybody with a token sees them all: an applicant has to name one.
    """
    wanted = select(Provider).where(*paging.filters(query, COLUMNS))
    found, next_ = paging.page(session, wanted, query, COLUMNS)
    return Answer({"items": [bodies.provider_record(each) for each in found], "next": next_})


@blueprint.post("/v1/providers")
@creates(ProviderRecord, ("officer", "operator"), ProviderText)
def create(given: Given[ProviderText]) -> Answer:
    """Enter a provider."""
    made = bodies.create_provider(given.writing, given.body)
    return Answer(bodies.provider_record(made), made.version, f"/v1/providers/{made.id}")


@blueprint.get("/v1/providers/<id:provider_id>")
@reads(ProviderRecord, READERS)
def read(session: Session, provider_id: str) -> Answer:
    """Read a provider."""
    found = rows.find(session, store.actor(), Provider, provider_id)
    return Answer(bodies.provider_record(found), found.version)


@blueprint.patch("/v1/providers/<id:provider_id>")
@patches(ProviderRecord, ("officer", "operator"), ProviderText)
def edit(given: Given[ProviderText], provider_id: str) -> Answer:
    """Change a provider's name or contacts."""
    edited = bodies.edit_provider(given.writing, provider_id, given.version, given.edit)
    return Answer(bodies.provider_record(edited), edited.version)


@blueprint.get("/v1/providers/<id:provider_id>/queue")
@blueprint.input(QueueQuery, location="query", arg_name="query")
@reads(QueuePage, ("provider", "officer", "operator", "auditor"))
def queue(session: Session, query: QueueQuery, provider_id: str) -> Answer:
    """Read what waits for a provider's word, the oldest first.

    A provider sees its own queue.
    """
    actor = store.actor()
    if not actor.scopes & WIDE and actor.provider != provider_id:
        fault = Fault(provider_id, "is not your queue", "ask for your own")
        raise Refused(Kind.NOT_FOUND, "There is no such queue", [fault])
    rows.find(session, actor, Provider, provider_id)
    waiting = (Application.provider_id == provider_id, Application.state == "submitted")
    found, next_ = paging.page(session, select(Application).where(*waiting), query, APPLICATION_COLUMNS)
    count, oldest = session.execute(select(func.count(), func.min(Application.submitted_at)).where(*waiting)).one()
    return Answer(
        {
            "items": records.applications(session, found),
            "next": next_,
            "waiting": count,
            "oldest_seconds": (utc_now() - oldest).total_seconds() if oldest else None,
            "promised_seconds": PROMISED.total_seconds(),
        }
    )
