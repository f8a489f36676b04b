"""Registrations: renewed, resumed, and warned when their end is near. ``intents`` takes them off the live list."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, select

from control.registry import intents, rows, workflow
from control.registry.actor import CLOCK
from control.registry.model import Intent, IntentItem, Registration
from control.registry.writing import Writing


@dataclass(frozen=True, slots=True)
class Tick:
    """What the dates have brought.

    Attributes:
        warned: registrations that are expiring from now on.
        intent: the proposal to let those expire whose end has passed; none when there are none.
    """

    warned: int
    intent: Intent | None


def renew(writing: Writing, id_: str, version: int | None = None) -> Registration:
    """Have a registration valid for its category's term from now on; a proposal to let it expire is moot then.

    Raises:
        Refused: "not-found", "forbidden", "stale" or "conflict".
    """
    found = _checked(writing, "renew", id_, version)
    category = writing.rules.categories[found.category]
    values = {"state": "active", "valid_until": max(found.valid_until, writing.now + category.term), "reason": ""}
    intents.drop(writing, "expire", id_)
    rows.change(writing, "registration.renew", found, values)
    return found


def resume(writing: Writing, id_: str, version: int | None = None) -> Registration:
    """Put a suspended registration back on the live list, with this transaction's serial.

    Raises:
        Refused: "not-found", "forbidden", "stale" or "conflict".
    """
    found = _checked(writing, "resume", id_, version)
    values = {"state": "active", "reason": "", "live_serial": writing.serial}
    rows.change(writing, "registration.resume", found, values)
    writing.join([rows.columns(found)])
    return found


def tick(writing: Writing) -> Tick:
    """Do what the dates bring: warn those whose end is near, and propose to let those expire whose end has passed.

    Nothing leaves the live list by this: an officer confirms the proposal.
    """
    if writing.actor != CLOCK:
        workflow.demand_scope(workflow.step("registration", "warn"), writing.actor)
    warned = 0
    for name, category in writing.rules.categories.items():
        near = _ending(("active",), writing.now + category.warning).where(Registration.category == name)
        for each in writing.session.scalars(near):
            rows.change(writing, "registration.warn", each, {"state": "expiring"})
            warned += 1
    writing.session.flush()
    open_already = select(IntentItem.registration_id).where(IntentItem.is_open)
    over = _ending(("expiring",), writing.now).where(Registration.id.not_in(open_already))
    ids = {each.id: None for each in writing.session.scalars(over)}
    return Tick(warned, intents.propose(writing, "expire", ids) if ids else None)


def _checked(writing: Writing, name: str, id_: str, version: int | None) -> Registration:
    step = workflow.step("registration", name)
    writing.attempt(step.action, id_)
    found = rows.find(writing.session, writing.actor, Registration, id_)
    workflow.demand_scope(step, writing.actor)
    rows.demand_versions([found], {id_: version})
    workflow.demand_legal(step, {id_: found.state})
    return found


def _ending(states: tuple[str, ...], by: datetime) -> Select[Registration]:
    ending = select(Registration).where(Registration.state.in_(states), Registration.valid_until <= by)
    return ending.order_by(Registration.id)
