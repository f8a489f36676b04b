"""Registrations that come to their end: foreseen, held while in use, and the rest off the list in batches."""

from dataclasses import asdict
from datetime import timedelta

import pytest
from sqlalchemy import select

from control.fault import Kind, Refused
from control.registry.access.actor import CLOCK
from control.registry.cases import registrations
from control.registry.endings import dates, outlook
from control.registry.endings.dates import Tick
from control.registry.endings.outlook import Outlook
from control.registry.intents import intents
from control.registry.intents.lines import IntentLine, lines
from control.registry.publication import edges, serials
from control.registry.store.database import Database
from control.registry.store.model import FollowingEdge, Intent, Registration
from control.registry.store.writing import Expiry, Rules, portions
from control.rollout.limits import Limit
from tests.registry.cast import OFFICER, OPERATOR, RULES, SECOND, assemble, register
from tests.registry.clock import Clock
from tests.registry.reporting import DAY, HOUR, report

TEN_MINUTES = timedelta(minutes=10)
MANY = 20_000


@pytest.fixture
def ten(database: Database) -> list[str]:
    """Ten registrations, of which the clock takes three at once."""
    database.rules = Rules(RULES.addresses, RULES.categories, Limit(5, 5, 100), Expiry(3, TEN_MINUTES))
    return register(database, assemble(database), *(f"10.0.0.{number}" for number in range(10)))


def tick(database: Database) -> Tick:
    """Have the dates attended to, in as many transactions as that takes."""
    sums, is_more = Tick(), True
    made: list[str] = []
    doubts: tuple[str, ...] = ()
    while is_more:
        with database.writing(CLOCK) as writing:
            each = dates.tick(writing)
        made += each.intents
        doubts, is_more = each.doubts, each.is_more
        names = ("warned", "held", "proposed", "expired")
        sums = Tick(*(getattr(sums, name) + getattr(each, name) for name in names))
    return Tick(sums.warned, sums.held, sums.proposed, sums.expired, tuple(made), doubts)


def look(database: Database) -> Outlook:
    with database.reading() as session:
        return outlook.look(database, session)


def live(database: Database) -> int:
    with database.reading() as session:
        return serials.head(session).count


def held(database: Database) -> list[IntentLine]:
    """Return what officers are to decide on, of what the clock proposed."""
    with database.reading() as session:
        open_ = select(Intent).where(Intent.state == "open", Intent.waits_boot.is_(None))
        found = [lines(session, list(session.scalars(intents.of_intent(each.id)))) for each in session.scalars(open_)]
    return [line for each in found for line in each]


def over(database: Database, clock: Clock) -> None:
    """Let time pass until everything is over, and that was noticed."""
    clock.pass_(days=366)
    tick(database)


def test_a_mass_expiry_is_foreseen_what_is_in_use_is_held_and_the_rest_leaves_in_batches(
    database: Database, clock: Clock
) -> None:
    """20,000 end in one second (2,000 on PostgreSQL, where that takes longer), and one in 400 of them is in use."""
    many = MANY if database.is_sqlite else MANY // 10
    batch, used_count = many // 20, many // 400
    database.rules = Rules(RULES.addresses, RULES.categories, expiry=Expiry(batch))
    ids = _register(database, many)
    used = ids[::400]
    for days, warns in ((300, False), (40, True), (24, True)):
        clock.pass_(days=days)
        tick(database)
        report(database, used, watched=clock.seconds)
        assert (bool(look(database).warnings), look(database).over) == (warns, 0)
    (day,) = look(database).days
    assert (day.registrations, day.in_use, day.is_mass) == (many, used_count, True)
    assert f"{many:,} registrations end between" in look(database).warnings[0]
    clock.pass_(days=2)
    report(database, used, watched=clock.seconds)
    noticed = tick(database)
    assert (noticed.held, noticed.proposed, noticed.expired) == (used_count, many - used_count, 0)
    batches = []
    clock.pass_(days=1)
    while live(database) > used_count:
        report(database, used, watched=clock.seconds)
        batches.append(tick(database).expired)
        assert tick(database).expired == 0, "the next batch has its time"
        clock.pass_(minutes=10)
    assert batches == [batch] * 19 + [batch - used_count]
    assert sorted(line.id for line in held(database)) == sorted(used)
    line = held(database)[0]
    assert (line.registrant, line.traffic[0].edge, line.in_use) == ("Company", "north", True)
    assert look(database).held == look(database).over == live(database) == used_count


def test_nothing_leaves_before_its_time_of_grace_is_over(database: Database, clock: Clock, ten: list[str]) -> None:
    over(database, clock)
    report(database)
    assert "its time of grace goes on for 1 day" in look(database).waits[0]
    clock.pass_(hours=23)
    report(database)
    assert tick(database).expired == 0
    clock.pass_(hours=1)
    report(database)
    assert [tick(database).expired, live(database)] == [3, 7]
    assert ["the next batch leaves in" in why for why in look(database).waits] == [True]


@pytest.mark.parametrize("step", [timedelta(days=1), timedelta(days=400), timedelta(days=-1), timedelta(0)])
def test_no_step_of_the_wall_clock_hastens_it(
    database: Database, clock: Clock, ten: list[str], step: timedelta
) -> None:
    """Stepped a day or a year forward, a day back, or stopped: the grace is what passes on the machine's own clock."""
    clock.pass_(days=364, hours=12)
    tick(database)
    report(database, ten[:2])
    clock.now += step
    for _ in range(23):
        clock.seconds += HOUR
        report(database)
        assert tick(database).expired == 0
    assert live(database) == 10


def test_what_comes_into_use_meanwhile_stays_and_is_held(database: Database, clock: Clock, ten: list[str]) -> None:
    clock.pass_(days=366)
    first, *_ = tick(database).intents
    with database.reading() as session:
        used = sorted(each.id for each in session.scalars(intents.of_intent(first)))[:2]
    clock.pass_(days=1)
    report(database, used)
    assert (tick(database).expired, tick(database).held) == (1, 0)
    assert sorted(line.id for line in held(database)) == used


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (None, "has not reported since"),
        ((DAY / 2, 0.0), "has looked at its traffic for 12.0 of 24.0 h"),
        ((3 * DAY, 600.0), "the clock of edge north is +600 s off"),
        ((3 * DAY, -86400.0), "the clock of edge north is -86,400 s off"),
    ],
)
def test_nothing_leaves_while_it_is_not_known_what_is_in_use(
    database: Database, clock: Clock, ten: list[str], said: tuple[float, float] | None, why: str
) -> None:
    over(database, clock)
    report(database)
    clock.pass_(days=2)
    if said:
        report(database, watched=said[0], ahead=said[1])
    (doubt,) = tick(database).doubts
    assert live(database) == 10
    assert why in doubt


def test_without_a_report_of_any_edge_officers_decide(database: Database, clock: Clock, ten: list[str]) -> None:
    over(database, clock)
    clock.pass_(days=2)
    assert tick(database).doubts == ("no edge has reported which entries are in use",)
    assert live(database) == 10


def test_an_edge_that_is_no_more_is_not_waited_for(database: Database, clock: Clock, ten: list[str]) -> None:
    report(database, ten[5:], edge="south")
    over(database, clock)
    clock.pass_(days=1)
    report(database)
    assert "edge south has not reported since" in tick(database).doubts[0]
    assert len(held(database)) == 5, "what a silent edge last had in use stays in use"
    with database.reading() as session:
        south = session.scalars(select(FollowingEdge).where(FollowingEdge.name == "south")).one()
    with database.writing(OPERATOR) as writing:
        edges.retire(writing, south.id)
    assert tick(database).expired == 3
    report(database, edge="south", watched=DAY)
    with database.reading() as session:
        standing = edges.records(session, [south])[0]
    assert (standing["retired_at"], standing["watched_hours"]) == (None, 24.0)


def test_an_edge_that_forgot_what_it_had_watched_has_not_forgotten_the_registry_what_is_in_use(
    database: Database, ten: list[str]
) -> None:
    report(database, {ten[0]: 0.0, ten[1]: 23 * HOUR}, watched=9 * DAY)
    report(database, watched=3 * HOUR)

    def used(watched: float) -> list[bool]:
        report(database, watched=watched)
        with database.reading() as session:
            return [line.in_use for line in lines(session, [session.get_one(Registration, id_) for id_ in ten[:3]])]

    assert used(3 * HOUR) == [True, False, False]
    assert used(2 * DAY) == [False, False, False]


def test_what_is_in_use_nobody_takes_off_alone(database: Database, ten: list[str]) -> None:
    report(database, ten[:1])
    with database.writing(OFFICER) as writing:
        intent = intents.propose(writing, "suspend", dict.fromkeys(ten[:2]), "as ordered").id
    with database.reading() as session:
        assert asdict(intents.effect(session, intent)) == {"registrations": 2, "live": 2, "registrants": 1, "in_use": 1}
    with pytest.raises(Refused, match="1 live entries are in use") as refused, database.writing(OFFICER) as writing:
        intents.confirm(writing, intent, 2)
    assert refused.value.kind == Kind.FORBIDDEN
    with database.writing(SECOND) as writing:
        intents.confirm(writing, intent, 2)
    assert live(database) == 8


def test_what_is_held_two_officers_take_off_or_a_registrant_renews(
    database: Database, clock: Clock, ten: list[str]
) -> None:
    report(database, ten[:4])
    over(database, clock)
    with database.writing(OFFICER) as writing:
        registrations.renew_many(writing, dict.fromkeys(ten[:2]))
    with database.reading() as session:
        intent = session.scalars(select(Intent).where(Intent.state == "open", Intent.waits_boot.is_(None))).one().id
    for officer, left in ((OFFICER, 10), (SECOND, 8)):
        with database.writing(officer) as writing:
            intents.confirm(writing, intent, 2)
        assert live(database) == left


def _register(database: Database, many: int) -> list[str]:
    """Register many in one second: as many applications, of as many addresses as one may have."""
    cast, ids = assemble(database), []
    addresses = [f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}" for number in range(many)]
    for some in portions(addresses, 250):
        ids += register(database, cast, *some)
    return ids
