"""/v1/intents: what is proposed that lets less through, what that would cut, and its confirmation."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import datetime
from functools import partial
from typing import Literal

from apiflask import APIBlueprint
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from api.kit.schema import Strict
from api.kit.shared import PolicyModel
from api.registry import policy
from api.registry.desk import paging, store
from api.registry.desk.operation import Given, Nothing, ViewAnswer, creates, reads, steps
from api.registry.records import Chosen, Record, TrafficRecord, VersionedRecord
from control.registry.access import sight
from control.registry.intents import intents, undoing
from control.registry.intents.lines import lines
from control.registry.parties.lines import Text
from control.registry.store import rows
from control.registry.store.model import Intent, Registration

Removing = Literal["suspend", "expire", "revoke"]
Proposed = Literal["suspend", "expire", "revoke", "policy"]
State = Literal["open", "done", "undone", "cancelled"]

blueprint = APIBlueprint("intents", __name__, tag="Intents")


class IntentNew(Chosen):
    """A removing step to propose for registrations."""

    step: Removing
    reason: Text = Field("", description="Needed to suspend and to revoke.")


class EffectRecord(BaseModel):
    """What an intent does: the dry run while it is open."""

    registrations: int = Field(description="Registrations that take the step.")
    live: int = Field(description="Entries that leave the live list.")
    registrants: int = Field(description="Who would lose one.")
    in_use: int = Field(description="Of the entries, with traffic in the last day, as far as edges have reported.")


class IntentRecord(VersionedRecord):
    """A proposed removal, or a proposed policy."""

    step: Proposed
    reason: str
    state: State
    proposed_by: str
    by_clock: bool = Field(
        description="Whether the registry's clock carries it out, once its time of grace is over; else officers decide."
    )
    agreed_by: str | None = Field(description="The first of two officers, where the clock proposed it.")
    decided_by: str | None
    decided_at: datetime | None
    policy: PolicyModel | None = Field(description="What is proposed for each protocol named; null for a removal.")
    effect: EffectRecord | None = Field(description="What it would do now; null once it is not open.")


class IntentRegistration(Record):
    """A registration that an intent is about: who would lose what, and when it last had traffic."""

    id: str
    registrant_id: str
    registrant: str = Field(description="The registrant's name.")
    prefix: str
    state: str
    valid_until: datetime
    in_use: bool = Field(description="Whether any edge has had traffic of it in the last day.")
    traffic: list[TrafficRecord]


class IntentRegistrationPage(paging.Page[IntentRegistration]):
    """A page of what an intent is about."""


class IntentRegistrationQuery(paging.PageQuery):
    """In which order."""

    sort: Literal["id", "-id"] = "id"


class LeftRecord(Record):
    """A registration that stays as it is, and why."""

    where: str = Field(description="Its id.")
    why: str
    mend: str = Field(description="What to do.")


class UndoneRecord(BaseModel):
    """What is on the live list again."""

    back: int = Field(description="Registrations that are on the live list again.")
    left: list[LeftRecord] = Field(description="Those that are not.")


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
    return ViewAnswer(
        paging.listed(session, visible, query, COLUMNS, lambda rows: [intent_record(session, row) for row in rows])
    )


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
    the list than one officer alone may within a day, or any that is in use. What the registry's clock has proposed then
    stays open until a second officer confirms it, and `agreed_by` names the first.
    """
    intents.confirm(given.writing, intent_id, given.body.live, given.version, at_gateway=True)
    answer = _answer(given, intent_id)
    intent = given.writing.session.get_one(Intent, intent_id)
    if intent.policy is None:
        return answer
    return replace(answer, after=partial(policy.enact, intent_id, intent.policy, intent.policy_etag or ""))


@blueprint.get("/v1/intents/<id:intent_id>/registrations")
@blueprint.input(IntentRegistrationQuery, location="query", arg_name="query")
@reads(IntentRegistrationPage, "intent.read")
def find_registrations(session: Session, query: IntentRegistrationQuery, intent_id: str) -> ViewAnswer:
    """List what an intent is about: names, addresses, and when each last had traffic at which edge."""
    rows.find(session, store.actor(), Intent, intent_id)
    its = intents.of_intent(intent_id)
    return ViewAnswer(paging.listed(session, its, query, {"id": Registration.id}, partial(_lines, session)))


def _lines(session: Session, found: Sequence[Registration]) -> list[IntentRegistration]:
    return [IntentRegistration.model_validate(line) for line in lines(session, found)]


@blueprint.post("/v1/intents/<id:intent_id>/undo")
@steps(UndoneRecord, "intent.undo", Nothing)
def undo(given: Given[Nothing], intent_id: str) -> ViewAnswer:
    """Put back on the live list what an intent took off it, at once.

    What something else has become of since stays as it is, and is named.
    """
    undone = undoing.undo(given.writing, intent_id, given.version)
    left = [LeftRecord.model_validate(fault) for fault in undone.left[: intents.FAULTS]]
    return ViewAnswer(UndoneRecord(back=len(undone.back), left=left))


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
        effect = EffectRecord.model_validate(asdict(now))
    derived = {"effect": effect, "by_clock": intent.waits_boot is not None}
    fields = {name: getattr(intent, name) for name in IntentRecord.model_fields if name not in derived}
    return IntentRecord.model_validate(fields | derived)


def _answer(given: Given[Confirmation] | Given[Nothing], intent_id: str) -> ViewAnswer:
    intent = rows.find(given.writing.session, given.writing.actor, Intent, intent_id)
    return ViewAnswer(intent_record(given.writing.session, intent), intent.version)
