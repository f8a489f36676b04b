"""/v1/intents: what is proposed that lets less through, what that would cut, and its confirmation."""

from datetime import datetime
from typing import Literal

from apiflask import APIBlueprint
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from api.kit import agent
from api.kit.schema import Strict
from api.kit.shared import PolicyModel
from api.registry.desk import paging, store
from api.registry.desk.operation import Given, Nothing, ViewAnswer, creates, reads, steps
from api.registry.records import Chosen, VersionedRecord, Words
from control.registry.access import sight
from control.registry.intents import intents
from control.registry.store import rows
from control.registry.store.model import Intent

Removing = Literal["suspend", "expire", "revoke"]
Proposed = Literal["suspend", "expire", "revoke", "policy"]
State = Literal["open", "done", "cancelled"]

blueprint = APIBlueprint("intents", __name__, tag="Intents")


class IntentNew(Chosen):
    """A removing step to propose for registrations."""

    step: Removing
    reason: Words = Field("", description="Needed to suspend and to revoke.")


class EffectRecord(BaseModel):
    """What an intent does: the dry run while it is open."""

    registrations: int = Field(description="Registrations that take the step.")
    live: int = Field(description="Entries that leave the live list.")
    registrants: int = Field(description="Who would lose one.")


class IntentRecord(VersionedRecord):
    """A proposed removal, or a proposed policy."""

    step: Proposed
    reason: str
    state: State
    proposed_by: str
    agreed_by: str | None = Field(description="The first of two officers, where the clock proposed it.")
    decided_by: str | None
    decided_at: datetime | None
    policy: PolicyModel | None = Field(description="What is proposed for each protocol named; null for a removal.")
    effect: EffectRecord | None = Field(description="What it would do now; null once it is not open.")


class IntentPage(paging.Page[IntentRecord]):
    """A page of intents."""


class IntentQuery(paging.PageQuery):
    """Which intents, and in which order."""

    sort: Literal["id", "-id", "changed_at", "-changed_at"] = "id"
    state: State | None = None
    step: Proposed | None = None


class Confirmation(Strict):
    """The number of live entries that the dry run showed, so that nothing else is cut than was agreed to."""

    live: int = Field(ge=0, le=1_000_000_000)


COLUMNS: paging.Columns = {name: getattr(Intent, name) for name in ("id", "changed_at", "state", "step")}


@blueprint.get("/v1/intents")
@blueprint.input(IntentQuery, location="query", arg_name="query")
@reads(IntentPage, "intent.read")
def find(session: Session, query: IntentQuery) -> ViewAnswer:
    """List intents."""
    visible = sight.select_visible(store.actor(), Intent).where(*paging.filters(query, COLUMNS))
    items, next_ = paging.page(session, visible, query, COLUMNS)
    return ViewAnswer(IntentPage(items=[intent_record(session, intent) for intent in items], next=next_))


@blueprint.post("/v1/intents")
@creates(IntentRecord, "intent.propose", IntentNew)
def create(given: Given[IntentNew]) -> ViewAnswer:
    """Propose a removing step for many registrations at once."""
    new = given.body
    intent = intents.propose(given.writing, new.step, new.versions, new.reason)
    return ViewAnswer(intent_record(given.writing.session, intent), intent.version, f"/v1/intents/{intent.id}")


@blueprint.get("/v1/intents/<id:intent_id>")
@reads(IntentRecord, "intent.read")
def read(session: Session, intent_id: str) -> ViewAnswer:
    """Read an intent, and what it would cut now."""
    intent = rows.find(session, store.actor(), Intent, intent_id)
    return ViewAnswer(intent_record(session, intent), intent.version, settled=False)


@blueprint.post("/v1/intents/<id:intent_id>/confirm")
@steps(IntentRecord, "intent.confirm", Confirmation)
def confirm(given: Given[Confirmation], intent_id: str) -> ViewAnswer:
    """Carry an intent out.

    A revocation or a policy takes an officer who did not propose it, and so does what would take more live entries off
    the list than one officer alone may within a day. What the registry's clock has proposed then stays open until a
    second officer confirms it, and `agreed_by` names the first.
    """
    intents.confirm(given.writing, intent_id, given.body.live, given.version, agent.set_policy)
    return _answer(given, intent_id)


@blueprint.post("/v1/intents/<id:intent_id>/cancel")
@steps(IntentRecord, "intent.cancel", Nothing)
def cancel(given: Given[Nothing], intent_id: str) -> ViewAnswer:
    """Let go of an intent."""
    intents.cancel(given.writing, intent_id, given.version)
    return _answer(given, intent_id)


def intent_record(session: Session, intent: Intent) -> IntentRecord:
    """Return an intent with what it would do now."""
    effect = None
    if intent.state == "open":
        now = intents.effect(session, intent.id)
        effect = EffectRecord(registrations=now.registrations, live=now.live, registrants=now.registrants)
    fields = {name: getattr(intent, name) for name in IntentRecord.model_fields if name != "effect"}
    return IntentRecord.model_validate({**fields, "effect": effect})


def _answer(given: Given[Confirmation] | Given[Nothing], intent_id: str) -> ViewAnswer:
    intent = rows.find(given.writing.session, given.writing.actor, Intent, intent_id)
    return ViewAnswer(intent_record(given.writing.session, intent), intent.version)
