"""The tables, made and taken away on both databases, and the same as the program believes them to be."""

from collections.abc import Callable

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text
from sqlalchemy.exc import DBAPIError

from control.registry.access.actor import Actor
from control.registry.intents import policies
from control.registry.store.database import Database
from control.registry.store.model import Base


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
