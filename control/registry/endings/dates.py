"""What the dates bring: who is near the end is warned; who is over it is held while in use, and else leaves in batches.

Nothing leaves before its time of grace is over, by the machine's own clock; nor while it is not known what is in use,
or what day it is. What is held, an officer decides on.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, exists, func, select, text
from sqlalchemy.orm import Session

from control.registry.access import scopes
from control.registry.access.actor import CLOCK
from control.registry.cases.workflow import LIVE
from control.registry.intents import intents
from control.registry.publication import use
from control.registry.store import rows
from control.registry.store.model import Intent, IntentItem, Registration
from control.registry.store.writing import Expiry, Writing

BATCH = 1000
"""Registrations that the dates warn, and propose, in one transaction: others who write wait no longer than for it."""


@dataclass(frozen=True, slots=True)
class Tick:
    """What the dates have brought.

    Attributes:
        warned: registrations that are expiring from now on.
        held: that are over and in use; an officer decides.
        proposed: that are over and wait for their time of grace.
        expired: that have left the list.
        intents: what was proposed.
        doubts: in words, why what is to leave by now does not; nothing where it does, or nothing is.
        is_more: whether there may be more than one transaction takes: call again.
    """

    warned: int = 0
    held: int = 0
    proposed: int = 0
    expired: int = 0
    intents: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    is_more: bool = False


def tick(writing: Writing, most: int = BATCH) -> Tick:
    """Do what the dates bring; ``most`` of each kind in one call, those that end first before the others."""
    scopes.demand(writing.actor, "registration.warn")
    warned = _warn(writing, most)
    writing.session.flush()
    expired, doubts = _carry_out(writing)
    held = _propose(writing, use.in_use(), most, is_held=True)
    size = min(most, writing.rules.expiry.batch or most)
    proposed = _propose(writing, ~use.in_use(), size, is_held=False)
    made = tuple(intent.id for intent, _ in (held, proposed) if intent)
    is_more = warned == most or held[1] == most or proposed[1] == size or expired > 0
    return Tick(warned, held[1], proposed[1], expired, made, doubts, is_more)


def waits(session: Session, expiry: Expiry, now: datetime, uptime: tuple[str, float]) -> list[str]:
    """Return in words why what has come to its end does not leave yet; nothing where it does, or nothing has."""
    first = session.scalars(_waiting().limit(1)).one_or_none()
    if first is None:
        return []
    return [*_not_yet(session, first, expiry, now, uptime), *use.unknown(session, now, expiry.grace)]


def _warn(writing: Writing, most: int) -> int:
    """Warn those whose end is near; return how many."""
    warned = 0
    for name, category in writing.rules.categories.items():
        near = _ending("active", writing.now + category.warning).where(Registration.category == name)
        for registration in writing.session.scalars(near.limit(most - warned)):
            rows.change(writing, "registration.warn", registration, {"state": "expiring"})
            warned += 1
    return warned


def _propose(writing: Writing, which: ColumnElement[bool], most: int, *, is_held: bool) -> tuple[Intent | None, int]:
    """Propose that those expire whose end has passed; return the intent, if there is any, and of how many."""
    over = _ending("expiring", writing.now).where(~_IN_OPEN_INTENT, which).limit(most)
    ids = dict.fromkeys(registration.id for registration in writing.session.scalars(over))
    if not ids:
        return None, 0
    waits = not is_held and writing.rules.expiry.batch > 0
    return intents.propose(writing, "expire", ids, waits=waits), len(ids)


def _carry_out(writing: Writing) -> tuple[int, tuple[str, ...]]:
    """Take the next batch off the list, if it is time to; what has come into use stays, to be held."""
    intent = writing.session.scalars(_waiting().limit(1)).one_or_none()
    if intent is None:
        return 0, ()
    if any(_not_yet(writing.session, intent, writing.rules.expiry, writing.now, writing.uptime)):
        return 0, ()
    if doubts := use.unknown(writing.session, writing.now, writing.rules.expiry.grace):
        return 0, tuple(doubts)
    used = intents.of_intent(intent.id).where(Registration.state.in_(LIVE), use.in_use())
    intents.drop(writing, "expire", [registration.id for registration in writing.session.scalars(used)])
    return (intents.carry_out_over(writing, intent), ()) if intent.state == "open" else (0, ())


def _not_yet(
    session: Session, intent: Intent, expiry: Expiry, now: datetime, uptime: tuple[str, float]
) -> Iterator[str]:
    boot, seconds = uptime
    if not expiry.batch:
        yield "registry.expire_batch is 0: officers decide"
    same_boot = intent.waits_boot == boot and intent.waits_since is not None
    passed = timedelta(seconds=seconds - (intent.waits_since or 0.0)) if same_boot else now - intent.created_at
    if passed < expiry.grace:
        yield f"its time of grace goes on for {_spelled(expiry.grace - passed)}"
    by_clock = select(func.max(Intent.decided_at)).where(Intent.decided_by == CLOCK.id, Intent.step == "expire")
    last = session.scalar(by_clock.where(Intent.state != "cancelled"))
    if last is not None and now < last + expiry.every:
        yield f"the next batch leaves in {_spelled(last + expiry.every - now)}"


def _spelled(duration: timedelta) -> str:
    return str(timedelta(seconds=round(duration.total_seconds())))


def _waiting() -> Select[Intent]:
    """Return a query for what the clock is to carry out, the first first."""
    return select(Intent).where(Intent.waits_boot.is_not(None), Intent.state == "open").order_by(Intent.id)


def _ending(state: str, by: datetime) -> Select[Registration]:
    ending = select(Registration).where(Registration.state == state, Registration.valid_until <= by)
    return ending.order_by(Registration.valid_until)  # the index has them in this order


# In the words of the index of open items, without parameters: a query must repeat them to use it.
_IN_OPEN_INTENT = exists().where(IntentItem.registration_id == Registration.id, text("intent_item.is_open"))
