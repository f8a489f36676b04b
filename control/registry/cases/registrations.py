"""Registrations: renewed, resumed, and warned when their end is near. ``intents`` takes them off the live list."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, exists, select, text

from control.fault import Fault, Kind, Refused
from control.registry.access import scopes
from control.registry.cases import workflow
from control.registry.intents import intents
from control.registry.store import rows
from control.registry.store.model import Intent, IntentItem, Registration
from control.registry.store.writing import Writing

BATCH = 1000
"""Registrations that the dates warn, and propose, in one transaction: others who write wait no longer than for it."""


@dataclass(frozen=True, slots=True)
class Tick:
    """What the dates have brought.

    Attributes:
        warned: registrations that are expiring from now on.
        intent: the proposal to let those expire whose end has passed; none when there are none.
        is_more: whether there may be more than one transaction takes: call again.
    """

    warned: int
    intent: Intent | None
    is_more: bool = False


def renew(writing: Writing, id_: str, version: int | None = None) -> Registration:
    """Have a registration valid for its category's term from now on; a proposal to let it expire is moot then.

    Raises:
        Refused: "conflict": the category is no longer offered, so that there is no term.
    """
    registration = _checked(writing, "renew", id_, version)
    category = writing.rules.categories.get(registration.category)
    if category is None:
        fault = Fault("category", f"{registration.category} is no longer offered", "apply anew in a category that is")
        raise Refused(Kind.CONFLICT, "The registration cannot be renewed", [fault])
    values = {
        "state": "active",
        "valid_until": max(registration.valid_until, writing.now + category.term),
        "reason": "",
    }
    intents.drop(writing, "expire", id_)
    rows.change(writing, "registration.renew", registration, values)
    return registration


def resume(writing: Writing, id_: str, version: int | None = None) -> Registration:
    """Put a suspended registration back on the live list, with this transaction's serial."""
    registration = _checked(writing, "resume", id_, version)
    values = {"state": "active", "reason": "", "live_serial": writing.serial}
    rows.change(writing, "registration.resume", registration, values)
    writing.list_entries([rows.columns(registration)])
    return registration


def tick(writing: Writing, most: int = BATCH) -> Tick:
    """Do what the dates bring: warn those whose end is near, and propose to let those expire whose end has passed.

    Nothing leaves the live list by this: an officer confirms the proposal. ``most`` are warned and ``most`` proposed
    in one call, those that end first before the others.
    """
    scopes.demand(writing.actor, "registration.warn")
    warned = _warn(writing, most)
    writing.session.flush()
    over = _ending("expiring", writing.now).where(~_IN_OPEN_INTENT).limit(most)
    ids = dict.fromkeys(registration.id for registration in writing.session.scalars(over))
    intent = intents.propose(writing, "expire", ids) if ids else None
    return Tick(warned, intent, most in (warned, len(ids)))


def _warn(writing: Writing, most: int) -> int:
    """Warn those whose end is near; return how many."""
    warned = 0
    for name, category in writing.rules.categories.items():
        near = _ending("active", writing.now + category.warning).where(Registration.category == name)
        for registration in writing.session.scalars(near.limit(most - warned)):
            rows.change(writing, "registration.warn", registration, {"state": "expiring"})
            warned += 1
    return warned


def _checked(writing: Writing, name: str, id_: str, version: int | None) -> Registration:
    step = workflow.step("registration", name)
    writing.set_action(step.action, id_)
    scopes.demand(writing.actor, step.action)
    registration = rows.find(writing.session, writing.actor, Registration, id_)
    rows.demand_versions([registration], {id_: version})
    workflow.demand_legal(step, {id_: registration.state})
    return registration


def _ending(state: str, by: datetime) -> Select[Registration]:
    ending = select(Registration).where(Registration.state == state, Registration.valid_until <= by)
    return ending.order_by(Registration.valid_until)  # the index has them in this order


# In the words of the index of open items, without parameters: a query must repeat them to use it.
_IN_OPEN_INTENT = exists().where(IntentItem.registration_id == Registration.id, text("intent_item.is_open"))
