"""What one officer alone takes off the list within a day: beyond that it takes two; and nothing ends before its end."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from control.fault import Kind, Refused
from control.registry.access.actor import CLOCK, Actor
from control.registry.endings import dates
from control.registry.intents import intents
from control.registry.publication import serials
from control.registry.store.database import Database
from control.registry.store.model import Intent
from control.registry.store.writing import Rules
from control.rollout.limits import Limit
from tests.registry.cast import OFFICER, RULES, SECOND, assemble, register
from tests.registry.clock import Clock

ALONE = 4


@pytest.fixture
def registered(database: Database) -> list[str]:
    database.rules = Rules(RULES.addresses, RULES.categories, Limit(few=1, most=ALONE, share=100))
    return register(database, assemble(database), *(f"10.0.0.{number}" for number in range(10)))


def suspend(database: Database, ids: list[str], proposer: Actor = OFFICER, confirmer: Actor = OFFICER) -> None:
    with database.writing(proposer) as writing:
        intent = intents.propose(writing, "suspend", dict.fromkeys(ids), "as ordered").id
    with database.writing(confirmer) as writing:
        intents.confirm(writing, intent, len(ids))


def live(database: Database) -> int:
    with database.reading() as session:
        return serials.head(session).count


def test_small_ones_sum_up_over_a_day(database: Database, clock: Clock, registered: list[str]) -> None:
    suspend(database, registered[:2])
    suspend(database, registered[2:4])
    with pytest.raises(Refused, match="5 live entries would be taken off by one officer within a day") as refused:
        suspend(database, registered[4:5])
    assert refused.value.kind == Kind.FORBIDDEN
    assert live(database) == 6
    suspend(database, registered[5:7], OFFICER, SECOND)
    with pytest.raises(Refused):
        suspend(database, registered[7:8])
    clock.now += timedelta(days=1, seconds=1)
    suspend(database, registered[8:9])
    assert live(database) == 3


def test_what_has_come_to_its_end_takes_two_when_it_is_much(
    database: Database, clock: Clock, registered: list[str]
) -> None:
    clock.now += timedelta(days=10_000)
    with database.writing(CLOCK) as writing:
        dates.tick(writing)
    with database.writing(CLOCK) as writing:
        tick = dates.tick(writing)
    with database.reading() as session:
        (intent,) = session.scalars(select(Intent).where(Intent.state == "open")).all()
    assert tick.warned == 0
    with database.writing(OFFICER) as writing:
        intents.confirm(writing, intent.id, 10)
    assert live(database) == 10
    with pytest.raises(Refused, match="two officers"), database.writing(OFFICER) as writing:
        intents.confirm(writing, intent.id, 10)
    with database.writing(SECOND) as writing:
        intents.confirm(writing, intent.id, 10)
    assert live(database) == 0


def test_nothing_expires_before_its_end(database: Database, registered: list[str]) -> None:
    with pytest.raises(Refused, match="before its end"), database.writing(OFFICER) as writing:
        intents.propose(writing, "expire", {registered[0]: None})
