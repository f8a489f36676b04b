"""Edges are entered and bound to logins by operators; on SQLite too, where it binds nobody."""

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import select

from control.fault import Refused
from control.registry.access.actor import Actor
from control.registry.publication import edges
from control.registry.store.database import Database
from control.registry.store.model import FollowingEdge
from tests.registry.cast import OFFICER, OPERATOR, RULES
from tests.registry.key import key
from tests.registry.reporting import report


@pytest.fixture
def database(new_registry_url: Callable[[], str]) -> Iterator[Database]:
    database = Database(new_registry_url(), RULES, key=key())
    yield database
    database.close()


def shown(database: Database) -> list[tuple[str, str | None, int]]:
    """Return name, login and version of every edge."""
    with database.reading() as session:
        found = list(session.scalars(select(FollowingEdge)))
        rows = zip(edges.records(session, found), found, strict=True)
        return [(row["name"], row["login"], edge.version) for row, edge in rows]


def test_one_is_entered_bound_and_let_go_again(database: Database) -> None:
    with database.writing(OPERATOR) as writing:
        id_ = edges.create(writing, " north ", "edge_north").id
    assert shown(database) == [("north", "edge_north", 2)]
    for login, version in (("other", 3), ("other", 3), (None, 4), (None, 4), ("edge_north", 5)):
        with database.writing(OPERATOR) as writing:
            edges.bind(writing, id_, login)
        assert shown(database) == [("north", login, version)]


def test_one_that_has_reported_is_bound_by_its_id(database: Database) -> None:
    report(database, edge="north")
    with database.writing(OPERATOR) as writing, pytest.raises(Refused, match="edges bind") as refused:
        edges.create(writing, "north")
    assert refused.value.kind == "conflict"


@pytest.mark.parametrize("login", ["", "x" * 64, "ö" * 32, "a\nb"])
def test_what_is_no_login(database: Database, login: str) -> None:
    with pytest.raises(Refused) as refused, database.writing(OPERATOR) as writing:
        edges.create(writing, "north", login)
    assert (refused.value.kind, shown(database)) == ("invalid", [])


@pytest.mark.parametrize("actor", [OFFICER, Actor("edge north")])
def test_an_operator_does_it(database: Database, actor: Actor) -> None:
    with database.writing(OPERATOR) as writing:
        id_ = edges.create(writing, "south").id
    with pytest.raises(Refused) as refused, database.writing(actor) as writing:
        edges.create(writing, "north")
    assert refused.value.kind == "forbidden"
    with pytest.raises(Refused) as refused, database.writing(actor) as writing:
        edges.bind(writing, id_, "edge_north")
    assert (refused.value.kind, shown(database)) == ("forbidden", [("south", None, 1)])
