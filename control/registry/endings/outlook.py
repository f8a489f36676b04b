"""What ends when: told days before, so that nobody is surprised by many that end at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from control.registry.access.actor import CLOCK
from control.registry.cases.workflow import LIVE
from control.registry.endings import dates
from control.registry.publication import serials, use
from control.registry.store.database import Database
from control.registry.store.model import Intent, IntentItem, Registration

DAYS = 30
"""How far the outlook goes."""

MANY = 1000
MANY_SHARE = 5
"""Entries, and per cent of the list, that end on one day: beyond either it is a mass expiry."""

FEW = 20
"""Entries that are none, whatever their share."""


@dataclass(frozen=True, slots=True)
class EndingDay:
    """What ends on one day.

    Attributes:
        number: the day, from now on in steps of 24 hours, the first is 0.
        begins: when.
        registrations: on the live list that end on it.
        in_use: of these, with traffic in the last day.
        is_mass: whether that is a mass expiry.
    """

    number: int
    begins: datetime
    registrations: int
    in_use: int
    is_mass: bool


@dataclass(frozen=True, slots=True)
class Outlook:
    """What ends within the next days, and what has ended and is still on the list.

    Attributes:
        epoch, serial, count: of the live list.
        open_intents: what officers have to decide on.
        days: those on which anything ends.
        over: registrations on the list whose end has come.
        held: of these, that only an officer takes off: they are in use.
        waits: in words, why the others do not leave yet; nothing where they do, or there are none.
    """

    epoch: str
    serial: int
    count: int
    open_intents: int
    days: Sequence[EndingDay]
    over: int
    held: int
    waits: Sequence[str]

    @property
    def warnings(self) -> list[str]:
        """What somebody should know, in words."""
        found = [
            f"{day.registrations:,} registrations end between {day.begins:%Y-%m-%d %H:%M} and 24 hours later, "
            f"{day.in_use:,} of them in use: renew them, or say who is to"
            for day in self.days
            if day.is_mass
        ]
        if self.held:
            found.append(
                f"{self.held:,} registrations have ended and are in use: they are held, and an officer decides"
            )
        return found + [f"what has ended does not leave the list: {why}" for why in self.waits]


def look(database: Database, session: Session) -> Outlook:
    """Return how the registry stands by a database's rules and clocks, and what ends when."""
    head, now = serials.head(session), database.now()
    days = [_day(session, number, now, head.count) for number in range(DAYS)]
    return Outlook(
        head.epoch,
        head.serial,
        head.count,
        session.scalar(select(func.count()).select_from(Intent).where(Intent.state == "open")) or 0,
        [day for day in days if day.registrations],
        session.scalar(select(func.count()).select_from(Registration).where(_ends(until=now))) or 0,
        _of_officers(session),
        dates.waits(session, database.rules.expiry, now, database.uptime()),
    )


def _day(session: Session, number: int, now: datetime, live: int) -> EndingDay:
    begins = now + timedelta(days=number)
    ends = select(func.count(), func.count().filter(use.in_use())).select_from(Registration)
    count, used = session.execute(ends.where(_ends(begins, begins + timedelta(days=1)))).one()
    return EndingDay(number, begins, count, used, count > FEW and (count > MANY or count * 100 > MANY_SHARE * live))


def _ends(after: datetime | None = None, until: datetime | None = None) -> ColumnElement[bool]:
    ends: ColumnElement[bool] = Registration.state.in_(LIVE)
    ends = ends if after is None else ends & (Registration.valid_until > after)
    return ends if until is None else ends & (Registration.valid_until <= until)


def _of_officers(session: Session) -> int:
    """Return how many live registrations are in open intents of the clock's that it does not carry out itself."""
    of_clock = select(func.count()).select_from(IntentItem).join(Intent, Intent.id == IntentItem.intent_id)
    of_clock = of_clock.where(Intent.state == "open", Intent.proposed_by == CLOCK.id, Intent.waits_boot.is_(None))
    return session.scalar(of_clock.where(IntentItem.is_open)) or 0
