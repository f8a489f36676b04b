"""The audit: whole as written, and every way of rewriting its rows found and named."""

import pytest
from sqlalchemy import text

from control.fault import Fault, Kind, Refused
from control.registry.access.actor import Actor
from control.registry.audit import chain as audit
from control.registry.store.database import Database
from tests.registry.cast import OFFICER, assemble, register
from tests.registry.clock import Clock

pytestmark = pytest.mark.tampered


@pytest.fixture
def rows(database: Database) -> Database:
    """Ten rows, without what protects them: as somebody with the database's own password can have it."""
    for number in range(5):
        with database.writing(Actor("officer"), f"request-{number}") as writing:
            writing.record("test", f"object-{number}", {}, {"number": number})
            writing.record("test", f"object-{number}", {"number": number}, {"number": -number})
    names = ["audit_is_kept_from_update", "audit_is_kept_from_delete"] if database.is_sqlite else ["audit_is_kept"]
    for name in names:
        tamper(database, f"DROP TRIGGER {name}" + ("" if database.is_sqlite else " ON audit"))
    return database


def tamper(database: Database, *statements: str) -> None:
    with database.writing(Actor("intruder")) as writing:
        for statement in statements:
            writing.session.execute(text(statement))


def findings(database: Database) -> list[tuple[int, str]]:
    with database.reading() as session:
        return [(int(each.where.split()[1]), each.what.split(":")[0]) for each in audit.verify(session)]


def test_what_was_written_is_whole(rows: Database) -> None:
    assert findings(rows) == []


@pytest.mark.parametrize("column", ["actor", "action", "object", "outcome", "before", "after", "request_id"])
def test_an_altered_row_is_named(rows: Database, column: str) -> None:
    tamper(rows, f"UPDATE audit SET {column} = 'x' WHERE seq = 4")
    assert findings(rows) == [(4, "altered")]


def test_an_altered_time_is_named(rows: Database) -> None:
    tamper(rows, "UPDATE audit SET at = '2020-01-01 00:00:00.000000' WHERE seq = 4")
    assert findings(rows) == [(4, "altered")]


def test_an_altered_hash_is_named_with_the_row_behind_it(rows: Database) -> None:
    other = "x'00'" if rows.is_sqlite else "'\\x00'"
    tamper(rows, f"UPDATE audit SET hash = {other} WHERE seq = 4")
    assert findings(rows) == [(4, "altered"), (5, "altered")]


@pytest.mark.parametrize(("gone", "first"), [("seq = 1", 1), ("seq IN (4, 5)", 4), ("seq = 10", 10), ("seq > 2", 3)])
def test_removed_rows_are_named(rows: Database, gone: str, first: int) -> None:
    tamper(rows, f"DELETE FROM audit WHERE {gone}")
    assert findings(rows) == [(first, "removed")]


def test_rows_that_changed_places_are_named(rows: Database) -> None:
    moves = [(3, 99), (6, 3), (99, 6)]
    tamper(rows, *(f"UPDATE audit SET seq = {after} WHERE seq = {before}" for before, after in moves))
    assert [seq for seq, what in findings(rows) if what == "altered"] == [3, 4, 6, 7]


def test_a_refused_attempt_is_audited_and_changes_nothing_else(database: Database) -> None:
    with pytest.raises(Refused), database.writing(OFFICER, "the-request") as writing:
        writing.set_action("application.approve", "app_1")
        writing.record("application.approve", "app_1", {}, {"state": "approved"})
        raise Refused(Kind.CONFLICT, "No", [Fault("app_1", "is a draft", "submit it")])
    with database.reading() as session:
        ((actor, request_id, action, object_, outcome, after),) = session.execute(
            text("SELECT actor, request_id, action, object, outcome, after FROM audit")
        )
    assert (actor, request_id, action, object_, outcome) == (
        ("officer", "the-request", "application.approve", "app_1", "refused")
    )
    assert '"kind":"conflict"' in after


def test_the_state_as_of_any_time(database: Database, clock: Clock) -> None:
    cast = assemble(database)
    before = clock()
    clock.pass_(hours=1)
    (registration,) = register(database, cast, "10.1.2.3")
    with database.reading() as session:
        assert audit.state_at(session, registration, before) == {}
        state = audit.state_at(session, registration, clock())
    assert (state["prefix"], state["state"], state["live_serial"]) == ("10.1.2.3", "active", 1)
