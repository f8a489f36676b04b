"""Back on the list, at once and by one person: an intent undone, and many renewed, resumed or restored."""

from collections.abc import Sequence

import pytest
from sqlalchemy import select

from control.fault import Kind, Refused
from control.registry.access.actor import Actor
from control.registry.cases import registrations
from control.registry.endings import dates
from control.registry.intents import intents, undoing
from control.registry.intents.undoing import Undone
from control.registry.publication import serials
from control.registry.store.database import Database
from control.registry.store.model import Intent, Registration
from control.registry.store.writing import Rules
from control.rollout.limits import Limit
from tests.registry.cast import OFFICER, RULES, SECOND, Cast, assemble, register
from tests.registry.clock import Clock


@pytest.fixture
def cast(database: Database) -> Cast:
    database.rules = Rules(RULES.addresses, RULES.categories, Limit(10, 10, 100))
    return assemble(database)


@pytest.fixture
def five(database: Database, cast: Cast) -> list[str]:
    return register(database, cast, *(f"10.0.0.{number}" for number in range(5)))


def carry_out(database: Database, step: str, ids: Sequence[str]) -> str:
    with database.writing(OFFICER) as writing:
        intent = intents.propose(writing, step, dict.fromkeys(ids), "by a slip").id
    with database.writing(SECOND) as writing:
        intents.confirm(writing, intent, len(ids))
    return intent


def undo(database: Database, intent: str, actor: Actor = OFFICER) -> Undone:
    with database.writing(actor) as writing:
        return undoing.undo(writing, intent)


def live(database: Database) -> list[str]:
    with database.reading() as session:
        return [entry.text for entry in serials.snapshot(session).entries.entries()]


@pytest.mark.parametrize("step", ["suspend", "revoke"])
def test_one_person_undoes_what_two_have_done(database: Database, five: list[str], step: str) -> None:
    intent = carry_out(database, step, five[1:])
    assert live(database) == ["10.0.0.0"]
    undone = undo(database, intent)
    assert (len(undone.back), undone.left, len(live(database))) == (4, [], 5)
    with database.reading() as session:
        assert session.get_one(Intent, intent).state == "undone"
    with pytest.raises(Refused, match="is undone"):
        undo(database, intent)


def test_what_has_expired_is_back_and_does_not_expire_at_once(
    database: Database, clock: Clock, five: list[str]
) -> None:
    clock.pass_(days=400)
    with database.writing(Actor("clock", frozenset({"clock"}))) as writing:
        (intent,) = dates.tick(writing).intents
    with database.writing(OFFICER) as writing:
        intents.confirm(writing, intent, 5)
    assert live(database) == []
    undo(database, intent)
    with database.writing(Actor("clock", frozenset({"clock"}))) as writing:
        assert dates.tick(writing).proposed == 0
    assert len(live(database)) == 5


def test_what_was_decided_on_since_is_left_as_it_is(database: Database, clock: Clock, five: list[str]) -> None:
    first = carry_out(database, "suspend", five[:3])
    clock.pass_(minutes=1)
    with database.writing(OFFICER) as writing:
        registrations.resume_many(writing, dict.fromkeys(five[:2]))
    clock.pass_(minutes=1)
    carry_out(database, "suspend", five[:1])
    undone = undo(database, first)
    assert undone.back == five[2:3]
    assert sorted(fault.where for fault in undone.left) == five[:2]
    assert "10.0.0.0" not in live(database)


def test_an_address_that_somebody_else_holds_by_now_is_left_and_named(
    database: Database, cast: Cast, five: list[str]
) -> None:
    intent = carry_out(database, "revoke", five[:2])
    register(database, cast, "10.0.0.0", registrant=cast.rival)
    undone = undo(database, intent)
    assert undone.back == five[1:2]
    assert [(fault.where, "overlaps 10.0.0.0" in fault.why) for fault in undone.left] == [(five[0], True)]


def test_what_cannot_be_undone_says_why(database: Database, five: list[str]) -> None:
    with database.writing(OFFICER) as writing:
        intent = intents.propose(writing, "suspend", dict.fromkeys(five), "as ordered").id
    with pytest.raises(Refused, match="is open") as refused:
        undo(database, intent)
    assert (refused.value.kind, refused.value.faults[0].mend) == (Kind.CONFLICT, "cancel it")


def test_what_one_took_off_and_put_back_counts_within_the_day(database: Database, five: list[str]) -> None:
    database.rules = Rules(RULES.addresses, RULES.categories, Limit(2, 2, 100))

    def alone(ids: list[str]) -> str:
        with database.writing(OFFICER) as writing:
            intent = intents.propose(writing, "suspend", dict.fromkeys(ids), "as ordered").id
            intents.confirm(writing, intent, len(ids))
        return intent

    undo(database, alone(five[:2]))
    with pytest.raises(Refused, match="by one officer within a day"):
        alone(five[2:4])


def test_many_are_renewed_at_once_and_their_expiry_is_moot(database: Database, clock: Clock, five: list[str]) -> None:
    clock.pass_(days=400)
    for _ in range(2):
        with database.writing(Actor("clock", frozenset({"clock"}))) as writing:
            dates.tick(writing)
    with database.writing(OFFICER) as writing:
        kept = registrations.renew_many(writing, dict.fromkeys(five))
        assert {each.valid_until for each in kept} == {writing.now + writing.rules.categories["company"].term}
    with database.reading() as session:
        assert [intent.state for intent in session.scalars(select(Intent))] == ["cancelled"]


def test_many_are_all_or_none(database: Database, five: list[str]) -> None:
    carry_out(database, "suspend", five[:2])
    with pytest.raises(Refused) as refused, database.writing(OFFICER) as writing:
        registrations.resume_many(writing, dict.fromkeys(five[:3]))
    assert [fault.where for fault in refused.value.faults] == [five[2]]
    assert len(live(database)) == 3
    with database.writing(OFFICER) as writing:
        registrations.resume_many(writing, dict.fromkeys(five[:2]))
    assert len(live(database)) == 5


def test_nothing_is_restored_long_after(database: Database, clock: Clock, five: list[str]) -> None:
    carry_out(database, "revoke", five[:1])
    clock.pass_(days=31)
    with pytest.raises(Refused, match="Nothing is restored after 30 days"), database.writing(OFFICER) as writing:
        registrations.restore(writing, five[0])
    with database.reading() as session:
        assert session.get_one(Registration, five[0]).state == "revoked"
