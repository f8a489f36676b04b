"""Intents: whatever takes entries off the live list is proposed first, with what it would cut, and then confirmed.

Who confirms repeats the number of live entries that the proposal showed. When it is another by then, nothing
happens: what was agreed to is not what would be done. A revocation takes a second officer, and so does a stricter
policy, which ``policies`` proposes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, insert, select, update
from sqlalchemy.orm import Session

from control.fault import Fault, Kind, Refused
from control.registry.access import scopes
from control.registry.access.actor import CLOCK, same_person
from control.registry.cases import workflow
from control.registry.cases.workflow import LIVE, Step
from control.registry.intents import alone
from control.registry.intents.alone import Behind
from control.registry.intents.policies import POLICY
from control.registry.publication import use
from control.registry.store import rows
from control.registry.store.ids import new_id
from control.registry.store.model import Intent, IntentItem, Registration
from control.registry.store.writing import Writing, portions

FAULTS = 100  # of one kind that a refusal names
NOTHING: Mapping[str, Any] = {}


@dataclass(frozen=True, slots=True)
class IntentEffect:
    """What an open intent would do now.

    Attributes:
        registrations: that take the step.
        live: entries that leave the live list.
        registrants: who would lose one.
        in_use: of the entries, with traffic in the last day, as far as edges have reported.
    """

    registrations: int
    live: int
    registrants: int
    in_use: int


def propose(
    writing: Writing, name: str, versions: Mapping[str, int | None], reason: str = "", *, waits: bool = False
) -> Intent:
    """Propose a removing step ("suspend", "expire" or "revoke") for registrations; nothing is cut by it.

    ``waits`` says that the clock, which proposes it, is to carry it out as well, once its time of grace is over.

    Raises:
        Refused: "invalid": no step that removes; "conflict": a registration is in another open intent.
    """
    step = _removing(name)
    writing.set_action(f"intent.{name}", next(iter(versions)) if len(versions) == 1 else "")
    scopes.demand(writing.actor, step.action)
    registrations = rows.find_many(writing.session, writing.actor, Registration, list(versions))
    rows.demand_versions(registrations, versions)
    workflow.demand_reason(step, reason)
    if name == "expire":
        demand_over(writing, registrations)
    workflow.demand_legal(step, {registration.id: registration.state for registration in registrations})
    _demand_no_other(writing.session, list(versions))
    intent = Intent(
        id=new_id("int"),
        step=name,
        reason=reason,
        state="open",
        proposed_by=writing.actor.id,
        proposed_behind=writing.actor.behind,
        waits_boot=writing.uptime[0] if waits else None,
        waits_since=writing.uptime[1] if waits else None,
        created_at=writing.now,
        changed_at=writing.now,
    )
    writing.session.add(intent)
    writing.session.flush()
    for portion in portions(versions):
        items = [{"intent_id": intent.id, "registration_id": id_, "is_open": True} for id_ in portion]
        writing.session.execute(insert(IntentItem), items)
    writing.record(f"intent.{name}", intent.id, {}, rows.columns(intent) | {"registrations": sorted(versions)})
    return intent


def effect(session: Session, id_: str) -> IntentEffect:
    """Return what an open intent would do now: the dry run."""
    live = Registration.state.in_(LIVE)
    counts = select(
        func.count(),
        func.count().filter(live),
        func.count(Registration.registrant_id.distinct()).filter(live),
        func.count().filter(live, use.in_use()),
    )
    joined = counts.select_from(IntentItem).join(Registration, Registration.id == IntentItem.registration_id)
    return IntentEffect(*session.execute(joined.where(IntentItem.intent_id == id_, IntentItem.is_open)).one())


def confirm(
    writing: Writing, id_: str, live: int, version: int | None = None, *, at_gateway: bool = False
) -> IntentEffect:
    """Carry an open intent out; ``live`` is the number of live entries that ``effect`` showed.

    Beyond what one officer alone may take off within a day, and for whatever is in use, two have to be behind it: who
    proposed it is one of them.
    What the clock proposed then stays open, with the first officer noted, until the second confirms it.

    ``at_gateway`` says that whoever calls has the gateway set a policy, once this is committed: nothing asks another
    process while it keeps all others from writing. Where the gateway refuses, ``reopen`` follows.

    Raises:
        Refused: "forbidden": who proposed what takes two; "stale": the number is another by now; "conflict": it is not
            open, or something of it has not come to its end.
    """
    writing.set_action("intent.confirm", id_)
    scopes.demand(writing.actor, "intent.confirm")
    intent = _open(writing, id_, version)
    _demand_second(writing, intent)
    _demand_over(writing, intent)
    now = effect(writing.session, id_)
    if live != now.live:
        fault = Fault("live", f"is {live}, and by now {now.live} live entries would be cut", "look again, and decide")
        raise Refused(Kind.STALE, "The intent would cut another number of entries", [fault])
    if intent.policy is not None:
        if not at_gateway:
            fault = Fault(POLICY, "is the gateway's, which is not asked from here", "confirm it through the API")
            raise Refused(Kind.CONFLICT, "The policy cannot be changed from here", [fault])
        _close(writing, intent, "done")
        return now
    standing = alone.behind(writing, intent, now.live, now.in_use)
    if standing.why:
        _agree(writing, intent, standing)
        return now
    _carry_out(writing, intent, _removing(intent.step))
    _close(writing, intent, "done", {"cut": now.live, "alone_by": standing.alone_by})
    return now


def carry_out_over(writing: Writing, intent: Intent) -> int:
    """Have registrations expire that have come to their end, as the clock; return how many leave the live list.

    Raises:
        Refused: "conflict": something of it has not come to its end, or is in another state by now.
    """
    writing.set_action("intent.expire", intent.id)
    scopes.demand(writing.actor, "registration.expire")
    _demand_over(writing, intent)
    live = effect(writing.session, intent.id).live
    _carry_out(writing, intent, _removing("expire"))
    _close(writing, intent, "done", {"cut": live})
    return live


def cancel(writing: Writing, id_: str, version: int | None = None) -> Intent:
    """Let go of an open intent.

    Raises:
        Refused: "conflict": it is not open.
    """
    writing.set_action("intent.cancel", id_)
    scopes.demand(writing.actor, "intent.cancel")
    intent = _open(writing, id_, version)
    _close(writing, intent, "cancelled")
    return intent


def reopen(writing: Writing, id_: str) -> Intent:
    """Have an intent about the policy open again, which was confirmed, and which the gateway has refused."""
    writing.set_action("intent.reopen", id_)
    scopes.demand(writing.actor, "intent.confirm")
    intent = rows.find(writing.session, writing.actor, Intent, id_)
    rows.change(writing, "intent.reopen", intent, {"state": "open", "decided_by": None, "decided_at": None})
    return intent


def drop(writing: Writing, name: str, registrations: Sequence[str]) -> None:
    """Take registrations out of the open intents for a step that they are in; an intent of nothing is cancelled."""
    items: list[IntentItem] = []
    for portion in portions(registrations):
        of_step = select(IntentItem).join(Intent).where(IntentItem.registration_id.in_(portion), Intent.step == name)
        items += writing.session.scalars(of_step.where(IntentItem.is_open))
    dropped: dict[str, list[str]] = {}
    for item in items:
        writing.session.delete(item)
        dropped.setdefault(item.intent_id, []).append(item.registration_id)
    writing.session.flush()
    for id_, gone in sorted(dropped.items()):
        of_it = select(IntentItem.registration_id).where(IntentItem.intent_id == id_)
        kept = sorted(writing.session.scalars(of_it))
        writing.record("intent.drop", id_, {"registrations": sorted([*kept, *gone])}, {"registrations": kept})
        if effect(writing.session, id_).registrations == 0:
            _close(writing, writing.session.get_one(Intent, id_), "cancelled")


def of_intent(id_: str) -> Select[Registration]:
    """Return a query for the registrations that an intent is about."""
    joined = select(Registration).join(IntentItem, IntentItem.registration_id == Registration.id)
    return joined.where(IntentItem.intent_id == id_)


def _removing(name: str) -> Step:
    names = [step.name for step in workflow.STEPS if step.removes]
    if name not in names:
        fault = Fault("step", f"{name} removes nothing", f"write one of {', '.join(names)}")
        raise Refused(Kind.INVALID, "No intent is needed for that step", [fault])
    return workflow.step("registration", name)


def _demand_no_other(session: Session, ids: Sequence[str]) -> None:
    faults: list[Fault] = []
    for portion in portions(ids):
        others = select(IntentItem).where(IntentItem.registration_id.in_(portion), IntentItem.is_open)
        faults += [
            Fault(item.registration_id, f"is in the open intent {item.intent_id}", "confirm or cancel that one first")
            for item in session.scalars(others)
        ]
    if faults:
        raise Refused(Kind.CONFLICT, "Another intent is open", faults)


def _open(writing: Writing, id_: str, version: int | None) -> Intent:
    intent = rows.find(writing.session, writing.actor, Intent, id_)
    rows.demand_versions([intent], {id_: version})
    if intent.state != "open":
        raise Refused(Kind.CONFLICT, "The intent is not open", [Fault(id_, f"is {intent.state}", "propose it anew")])
    return intent


def _demand_second(writing: Writing, intent: Intent) -> None:
    persons = 2 if intent.step == POLICY else _removing(intent.step).persons
    if persons > 1 and same_person(writing.actor.behind, intent.proposed_behind or [intent.proposed_by]):
        how = "" if writing.actor.id == intent.proposed_by else ", and one of you made the other's token"
        fault = Fault(intent.id, f"was proposed by {intent.proposed_by}{how}", "have another officer confirm it")
        what = "change the policy" if intent.step == POLICY else intent.step
        raise Refused(Kind.FORBIDDEN, f"To {what} takes two officers", [fault])


def _agree(writing: Writing, intent: Intent, standing: Behind) -> None:
    """Note the first of two officers who want what the clock has proposed.

    Raises:
        Refused: "forbidden": it takes another.
    """
    if intent.proposed_by != CLOCK.id or intent.agreed_by == writing.actor.id:
        faults = [Fault(intent.id, why, "have another officer confirm it") for why in standing.why]
        raise Refused(Kind.FORBIDDEN, f"To {intent.step} so much takes two officers", faults)
    agreed = {"agreed_by": writing.actor.id, "agreed_behind": writing.actor.behind}
    rows.change(writing, "intent.agree", intent, agreed)


def _demand_over(writing: Writing, intent: Intent) -> None:
    """Refuse that anything expires before its end.

    Raises:
        Refused: "conflict", with a fault for each.
    """
    if intent.step != "expire":
        return
    early = of_intent(intent.id).where(IntentItem.is_open, Registration.valid_until > writing.now)
    demand_over(writing, list(writing.session.scalars(early.limit(FAULTS))))


def demand_over(writing: Writing, registrations: Sequence[Registration]) -> None:
    """Refuse that registrations expire that have not come to their end.

    Raises:
        Refused: "conflict", with a fault for each.
    """
    faults = [
        Fault(each.id, f"is valid until {each.valid_until:%Y-%m-%d %H:%M}", "suspend it, or wait until then")
        for each in registrations
        if each.valid_until > writing.now
    ]
    if faults:
        raise Refused(Kind.CONFLICT, "Nothing expires before its end", faults[:FAULTS])


def _carry_out(writing: Writing, intent: Intent, step: Step) -> None:
    registrations = list(writing.session.scalars(of_intent(intent.id).where(IntentItem.is_open)))
    workflow.demand_legal(step, {registration.id: registration.state for registration in registrations})
    for registration in registrations:
        rows.change(writing, step.action, registration, {"state": step.target, "reason": intent.reason})
    writing.session.flush()
    writing.delist([registration.id for registration in registrations])


def _close(writing: Writing, intent: Intent, state: str, more: Mapping[str, Any] = NOTHING) -> None:
    closing = update(IntentItem).where(IntentItem.intent_id == intent.id).values(is_open=False)
    writing.session.execute(closing)
    values = {"state": state, "decided_by": writing.actor.id, "decided_at": writing.now, **more}
    rows.change(writing, f"intent.{state}", intent, values)
    writing.session.flush()
