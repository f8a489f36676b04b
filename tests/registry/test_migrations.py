"""The tables, made and taken away on both databases, and the same as the program believes them to be."""

from collections.abc import Callable
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import cast

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from control.registry.access.actor import Actor
from control.registry.audit.chain import AuditEntry, append
from control.registry.intents import policies
from control.registry.store.database import Database
from control.registry.store.model import Application, Base, Ledger, Person, Token
from tests.registry.conftest import found


def tables(database: Database) -> set[str]:
    with database.reading() as session:
        return set(inspect(session.connection()).get_table_names()) - {"alembic_version"}


def test_up_down_and_up_again(empty: Database) -> None:
    empty.upgrade()
    assert tables(empty) == set(Base.metadata.tables)
    empty.upgrade()  # nothing happens
    empty.downgrade("base")
    assert tables(empty) == set()
    empty.upgrade()
    assert tables(empty) == set(Base.metadata.tables)


def test_the_migrations_make_what_the_models_say(database: Database) -> None:
    with database.reading() as session:
        context = MigrationContext.configure(session.connection())
        assert compare_metadata(context, Base.metadata) == []


@pytest.mark.parametrize("statement", ["UPDATE audit SET actor = 'nobody'", "DELETE FROM audit"])
def test_the_database_itself_refuses_to_rewrite_the_audit(database: Database, statement: str) -> None:
    with database.writing(Actor("officer")) as writing:
        writing.record("test", "x", {}, {})
    with (
        pytest.raises(DBAPIError, match="only added to"),
        database.writing(Actor("officer")) as writing,
    ):
        writing.session.execute(text(statement))


def test_an_epoch_is_a_databases_own(new_url: Callable[[], str]) -> None:
    epochs = set()
    for _ in range(2):
        database = Database(new_url())
        database.upgrade()
        with database.reading() as session:
            epochs.add(bytes(session.scalar(text("SELECT epoch FROM ledger")) or b""))
        database.close()
    assert len(epochs) == 2


def test_intents_about_the_policy_come_and_go(empty: Database) -> None:
    empty.upgrade("0001")
    assert "policy" not in intent_columns(empty)
    empty.upgrade()
    with empty.writing(Actor("officer", frozenset({"officer"}))) as writing:
        policies.propose(writing, {"ike": {"mode": "enforce", "share": 5}}, '"seen"')
    empty.downgrade("0001")
    assert "policy" not in intent_columns(empty)
    with empty.reading() as session:
        assert session.scalar(text("SELECT count(*) FROM intent")) == 0
    empty.upgrade()
    assert {"policy", "policy_etag"} <= intent_columns(empty)


def intent_columns(database: Database) -> set[str]:
    with database.reading() as session:
        return {column["name"] for column in inspect(session.connection()).get_columns("intent")}


OLD = """
INSERT INTO officer VALUES ('off_1', 'First', 3, :at, :at);
INSERT INTO registrant VALUES ('reg_1', 'organisation', 'Company', NULL, '[]', 1, :at, :at);
INSERT INTO provider VALUES ('prv_1', 'Net', '[]', 1, :at, :at);
INSERT INTO token VALUES ('tok_1', 'a', :one, '["officer"]', 'off_1', NULL, NULL, :at, NULL, NULL, 1, :at, :at);
INSERT INTO token VALUES
    ('tok_2', 'b', :two, '["operator", "officer"]', 'First', NULL, NULL, :at, NULL, NULL, 1, :at, :at);
INSERT INTO token VALUES ('tok_3', 'c', :three, '["auditor"]', 'Watcher', NULL, NULL, :at, NULL, NULL, 1, :at, :at);
INSERT INTO token VALUES ('tok_4', 'd', :four, '["provider"]', 'NOC', NULL, 'prv_1', :at, NULL, NULL, 1, :at, :at);
INSERT INTO token VALUES
    ('tok_5', 'e', :five, '["registrant", "provider"]', 'Both', 'reg_1', 'prv_1', :at, NULL, NULL, 1, :at, :at);
INSERT INTO application VALUES
    ('app_1', 'reg_1', 'prv_1', 'company', '[]', 'confirmed', '', :at, :at, NULL, 1, :at, :at)
"""
ROWS = [
    AuditEntry("token.create", "tok_4", {}, {"name": "d", "version": 1}),
    AuditEntry("application.submit", "app_1", {}, {"state": "submitted", "version": 2}),
    AuditEntry("application.confirm", "app_1", {}, {"state": "confirmed", "version": 3}),
]
ACTORS = ("operator root", "off_1", "prv_1")


def tell_of_old(bare: Connection) -> None:
    """Write the audit of that time."""
    ledger = SimpleNamespace(audit_seq=0, audit_hash=bytes(32))
    with Session(bare) as session:
        for actor, entry in zip(ACTORS, ROWS, strict=True):
            append(session, cast("Ledger", ledger), datetime(2026, 1, 1, tzinfo=UTC), actor, "", [entry])
    standing = {"seq": ledger.audit_seq, "hash": ledger.audit_hash}
    bare.execute(text("UPDATE ledger SET audit_seq = :seq, audit_hash = :hash"), standing)


def test_holders_become_persons_and_who_was_behind_what_is_found_in_the_audit(empty: Database) -> None:
    empty.upgrade("0005")
    values = {"at": "2026-01-01 00:00:00.000000"} | {
        name: bytes([number]) * 32 for number, name in enumerate(("one", "two", "three", "four", "five"))
    }
    with empty._engine_for("writing").begin() as bare:
        for statement in OLD.split(";"):
            bare.execute(text(statement), {name: value for name, value in values.items() if f":{name}" in statement})
        tell_of_old(bare)
    empty.upgrade()
    assert found(empty) == []
    with empty.reading() as session:
        persons = {row.name: row for row in session.scalars(select(Person))}
        assert {name: row.roles for name, row in persons.items()} == {
            "First": ["officer", "operator"],
            "Watcher": ["auditor"],
        }
        assert (persons["First"].id, persons["First"].version) == ("off_1", 3)
        tokens = {row.id: (row.holder, row.scopes, row.makers) for row in session.scalars(select(Token))}
        assert tokens == {
            "tok_1": ("off_1", ["officer"], []),
            "tok_2": ("off_1", ["operator", "officer"], []),
            "tok_3": (persons["Watcher"].id, ["auditor"], []),
            "tok_4": ("prv_1", ["provider"], ["operator root", "operator"]),
            "tok_5": ("reg_1", ["registrant"], []),
        }
        application = session.scalars(select(Application)).one()
        assert (application.submitted_behind, application.confirmed_behind) == (["off_1"], ["prv_1"])
        told = session.execute(text("SELECT object, after FROM audit WHERE action LIKE '%.told' ORDER BY object")).all()
        assert [row.object for row in told if "_" in row.object] == sorted(
            [*tokens, *(row.id for row in persons.values()), "app_1", "prv_1", "reg_1"]
        )
    empty.downgrade("0005")
    with empty.reading() as session:
        assert session.execute(text("SELECT id, name FROM officer")).all() == [("off_1", "First")]
