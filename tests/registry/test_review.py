"""From a draft to live entries, and off the list again: each step with its person, its version and its serial."""

import pytest

from control.fault import Refused
from control.registry.access.actor import CLOCK
from control.registry.cases import applications, registrations, review
from control.registry.cases.applications import Draft
from control.registry.endings import dates
from control.registry.intents import intents
from control.registry.publication import serials
from control.registry.space.addresses import read_entries
from control.registry.store.database import Database
from control.registry.store.model import Application, Registration
from control.registry.store.writing import Rules
from tests.registry.cast import OFFICER, PAPERS, SECOND, Cast, apply, assemble, register
from tests.registry.clock import Clock


@pytest.fixture
def cast(database: Database) -> Cast:
    return assemble(database)


def live(database: Database) -> list[str]:
    with database.reading() as session:
        entries = serials.snapshot(session).entries
    return [entry.text for entry in entries.entries(0, len(entries))]


def test_an_approval_makes_every_address_live_with_its_serial(database: Database, cast: Cast) -> None:
    first = register(database, cast, "10.0.0.1", "fd00::/64")
    second = register(database, cast, "10.0.0.2")
    with database.reading() as session:
        found = [session.get_one(Registration, id_) for id_ in (*first, *second)]
        assert [each.live_serial for each in found] == [1, 1, 2]
        assert [each.state for each in found] == ["active"] * 3
        assert serials.head(session).count == 3
    assert live(database) == ["10.0.0.1", "10.0.0.2", "fd00::/64"]


def test_what_a_draft_lacks_is_said_at_once_when_it_is_submitted(database: Database, cast: Cast) -> None:
    with pytest.raises(Refused) as refused, database.writing(cast.applicant) as writing:
        made = applications.create(writing, Draft(cast.company, "freelancer", documents=PAPERS[:1]))
        review.submit(writing, made.id)
    assert [fault.where for fault in refused.value.faults] == ["category", "entries", "provider_id", "documents"]


def test_a_returned_application_is_corrected_and_comes_again(database: Database, cast: Cast) -> None:
    id_ = apply(database, cast, ["10.0.0.1"])
    with database.writing(cast.confirmer) as writing:
        review.return_(writing, id_, "another address")
    with database.writing(cast.applicant) as writing:
        made = writing.session.get_one(Application, id_)
        assert (made.state, made.reason) == ("returned", "another address")
        before = applications.draft_of(writing.session, made)
        entries = read_entries(["10.0.0.2"], writing.rules.addresses)
        corrected = Draft(before.registrant_id, before.category, entries, before.documents, before.provider_id)
        assert applications.edit(writing, id_, made.version, corrected).version == 4
        review.submit(writing, id_, 4)
    with database.reading() as session:
        assert [entry.text for entry in applications.entries_of(session, id_)] == ["10.0.0.2"]


def test_nobody_changes_what_he_has_not_seen(database: Database, cast: Cast) -> None:
    id_ = apply(database, cast, ["10.0.0.1"])
    with pytest.raises(Refused) as refused, database.writing(cast.confirmer) as writing:
        review.confirm(writing, id_, 1)
    assert (refused.value.kind, refused.value.faults[0].why) == ("stale", "is version 2 by now, not 1")


def test_what_is_somebody_elses_is_not_there(database: Database, cast: Cast) -> None:
    id_ = apply(database, cast, ["10.0.0.1"])
    with pytest.raises(Refused) as foreign, database.writing(cast.other) as writing:
        review.withdraw(writing, id_)
    with pytest.raises(Refused) as absent, database.writing(cast.other) as writing:
        review.withdraw(writing, "app_none")
    assert foreign.value.kind == absent.value.kind == "not-found"
    assert str(foreign.value).replace(id_, "") == str(absent.value).replace("app_none", "")


def test_an_applicant_does_not_confirm_his_own(database: Database, cast: Cast) -> None:
    id_ = apply(database, cast, ["10.0.0.1"])
    with pytest.raises(Refused) as refused, database.writing(cast.applicant) as writing:
        review.confirm(writing, id_)
    assert refused.value.kind == "forbidden"


def test_one_bad_id_undoes_the_whole_lot(database: Database, cast: Cast) -> None:
    ids = [apply(database, cast, [f"10.0.0.{each}"]) for each in range(3)]
    with database.writing(cast.confirmer) as writing:
        review.confirm_many(writing, dict.fromkeys(ids[:2]))
    with pytest.raises(Refused) as refused, database.writing(OFFICER) as writing:
        review.approve_many(writing, dict.fromkeys(ids))
    assert [fault.where for fault in refused.value.faults] == [ids[2]]
    assert live(database) == []


def test_a_dry_run_leaves_nothing_behind(database: Database, cast: Cast) -> None:
    id_ = apply(database, cast, ["10.0.0.1"])
    with database.writing(cast.confirmer, dry_run=True) as writing:
        assert review.confirm(writing, id_).state == "confirmed"
    with database.reading() as session:
        assert session.get_one(Application, id_).state == "submitted"


def test_a_suspension_is_proposed_counted_and_confirmed(database: Database, cast: Cast) -> None:
    ids = register(database, cast, "10.0.0.1", "10.0.0.2")
    with database.writing(OFFICER) as writing:
        intent = intents.propose(writing, "suspend", dict.fromkeys(ids[:1]), "abuse").id
    assert live(database) == ["10.0.0.1", "10.0.0.2"]
    with database.reading() as session:
        assert intents.effect(session, intent) == intents.IntentEffect(1, 1, 1, 0)
    with pytest.raises(Refused, match="another number"), database.writing(OFFICER) as writing:
        intents.confirm(writing, intent, 2)
    with database.writing(OFFICER) as writing:
        intents.confirm(writing, intent, 1)
    assert live(database) == ["10.0.0.2"]
    with database.writing(OFFICER) as writing:
        assert registrations.resume(writing, ids[0]).live_serial == 3
    assert live(database) == ["10.0.0.1", "10.0.0.2"]


def test_a_revocation_takes_two_officers(database: Database, cast: Cast) -> None:
    (id_,) = register(database, cast, "10.0.0.1")
    with database.writing(OFFICER) as writing:
        intent = intents.propose(writing, "revoke", {id_: 1}, "court order").id
    with pytest.raises(Refused) as refused, database.writing(OFFICER) as writing:
        intents.confirm(writing, intent, 1)
    assert refused.value.kind == "forbidden"
    with database.writing(SECOND) as writing:
        intents.confirm(writing, intent, 1)
    assert live(database) == []
    register(database, cast, "10.0.0.1", registrant=cast.rival)  # the address is free again


def test_an_expiry_is_warned_of_proposed_and_moot_once_renewed(database: Database, cast: Cast, clock: Clock) -> None:
    ids = register(database, cast, "10.0.0.1", "10.0.0.2")
    clock.pass_(days=340)
    with database.writing(CLOCK) as writing:
        assert dates.tick(writing) == dates.Tick(warned=2)
    clock.pass_(days=30)
    with database.writing(CLOCK) as writing:
        (intent,) = dates.tick(writing).intents
    with database.writing(CLOCK) as writing:
        assert dates.tick(writing) == dates.Tick()
    with database.writing(cast.applicant) as writing:
        registrations.renew(writing, ids[0])
    assert live(database) == ["10.0.0.1", "10.0.0.2"]
    with database.writing(OFFICER) as writing:
        assert intents.confirm(writing, intent, 1).live == 1
    assert live(database) == ["10.0.0.1"]


def test_many_dates_are_attended_to_part_by_part(database: Database, cast: Cast, clock: Clock) -> None:
    register(database, cast, *(f"10.0.0.{each}" for each in range(5)))
    clock.pass_(days=370)
    warned: list[int] = []
    proposed: list[str] = []
    is_more = True
    while is_more:
        with database.writing(CLOCK) as writing:
            tick = dates.tick(writing, 2)
            warned.append(tick.warned)
            proposed += tick.intents
            is_more = tick.is_more
    assert warned == [2, 2, 1]
    with database.reading() as session:
        assert [intents.effect(session, each).live for each in proposed] == [2, 2, 1]
    assert len(live(database)) == 5, "nothing leaves the list unconfirmed"


def test_what_is_in_no_category_any_more_is_not_renewed(database: Database, cast: Cast) -> None:
    (id_,) = register(database, cast, "10.0.0.1")
    database.rules = Rules(database.rules.addresses, {})
    with pytest.raises(Refused) as refused, database.writing(cast.applicant) as writing:
        registrations.renew(writing, id_)
    assert (refused.value.kind, refused.value.faults[0].where) == ("conflict", f"category of {id_}")


def test_the_list_as_it_was(database: Database, cast: Cast, clock: Clock) -> None:
    (id_,) = register(database, cast, "10.0.0.0/24")
    noon = clock()
    clock.pass_(hours=1)
    with database.writing(OFFICER) as writing:
        intents.confirm(writing, intents.propose(writing, "suspend", {id_: None}, "abuse").id, 1)
    (address,) = (entry.prefix for entry in read_entries(["10.0.0.7"], database.rules.addresses))
    with database.reading() as session:
        then = serials.serial_at(session, noon)
        assert [each.registration_id for each in serials.covering(session, address, then)] == [id_]
        assert serials.covering(session, address) == []
        assert len(serials.snapshot_at(session, noon)[1]) == 1
