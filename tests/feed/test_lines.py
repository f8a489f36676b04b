"""A registry that was put back to an older copy, restored, or has lost rows: it is noticed, and cuts nobody."""

from collections.abc import Callable
from pathlib import Path

import pytest

from control.fault import Refused
from control.registry.publication import serials
from control.registry.store import backup
from control.registry.store.database import Database
from tests.edge.place import Place
from tests.feed.conftest import Registry
from tests.feed.following import following, held, is_whole, let_through, release, status, trouble, until
from tests.registry.cast import OFFICER, RULES
from tests.registry.key import key

pytestmark = pytest.mark.usefixtures("copied_program")


def follow_all(place: Place, registry: Registry) -> None:
    """Have an edge follow all that the registry has, and go away."""
    with following(place, registry.url) as edge, registry.database.reading() as session:
        serial = serials.head(session).serial
        until(lambda: edge.list.state.followed.serial == serial and is_whole(edge))


def test_put_back_under_an_edge_it_goes_on_from_there(place: Place, registry: Registry) -> None:
    registry.register("10.0.0.3")
    registry.register("10.0.0.4")
    with following(place, registry.url) as edge:
        until(lambda: let_through(edge, "10.0.0.4") == [True] and is_whole(edge))
        registry.put_back(1, 2)
        until(lambda: edge.feed.held)
        assert held(edge) == {"10.0.0.3", "10.0.0.4"}
        registry.register("10.0.0.5")
        until(lambda: let_through(edge, "10.0.0.5") == [True])
        until(lambda: edge.feed.line.position.serial == 2)
        said = status(edge).feed
        assert said is not None
        assert (said.serial, said.held) == (3, 2), "its serial never goes back"
        registry.register("10.0.0.6")
        registry.register("10.0.0.7")
        until(lambda: edge.list.state.followed.serial == 4)
        assert let_through(edge, *[f"10.0.0.{end}" for end in range(1, 8)]) == [True] * 7
        assert (trouble(edge), is_whole(edge)) == ("", True)


@pytest.mark.parametrize("later", [[], ["10.0.0.5"], ["10.0.0.5", "10.0.0.6", "10.0.0.7"]])
def test_put_back_meanwhile_it_is_known_at_once(place: Place, registry: Registry, later: list[str]) -> None:
    registry.register("10.0.0.3")
    registry.register("10.0.0.4")
    follow_all(place, registry)
    registry.put_back(1, 2)
    for prefix in later:
        registry.register(prefix)
    for _ in range(2):
        with following(place, registry.url) as edge:
            until(lambda: edge.feed.is_heard)
            assert held(edge) == {"10.0.0.3", "10.0.0.4"}, "after another start, too"
            until(lambda: let_through(edge, *later) == [True] * len(later))
            assert let_through(edge, "10.0.0.1", "10.0.0.3", "10.0.0.4") == [True] * 3
            until(lambda: edge.list.state.followed.serial == max(3, 1 + len(later)))
            assert is_whole(edge)


def test_the_line_that_comes_back_has_it_again(place: Place, registry: Registry) -> None:
    registry.register("10.0.0.3")
    follow_all(place, registry)
    with following(place, registry.url) as edge:
        until(lambda: edge.feed.is_heard)
        listing = "listing WHERE joined_serial > 1"
        registry.sql(f"CREATE TABLE aside AS SELECT * FROM {listing}")
        registry.sql("CREATE TABLE published AS SELECT * FROM publication WHERE serial > 1")
        registry.put_back(1, 2)
        until(lambda: edge.feed.held == 1)
        registry.sql("INSERT INTO listing SELECT * FROM aside")
        registry.sql("INSERT INTO publication SELECT * FROM published")
        registry.sql("UPDATE ledger SET serial = 2, count = 3")
        until(lambda: edge.feed.held == 0)
        registry.revoke("10.0.0.3")
        until(lambda: let_through(edge, "10.0.0.3") == [False])
        assert let_through(edge, "10.0.0.1") == [True]


def test_what_is_held_goes_when_the_feed_says_so_or_a_person(place: Place, registry: Registry) -> None:
    registry.register({"prefix": "10.0.0.3", "protocols": ["wireguard"]}, "10.0.0.4")
    follow_all(place, registry)
    registry.put_back(1, 2)
    registry.register({"prefix": "10.0.9.3", "protocols": ["wireguard"]}, "10.0.9.4")
    with following(place, registry.url) as edge:
        until(lambda: edge.feed.held == 2)
        registry.revoke("10.0.9.4")
        until(lambda: let_through(edge, "10.0.9.4") == [False])
        assert held(edge) == {"10.0.0.3", "10.0.0.4"}, "removing goes on, and touches nothing that is held"
        assert release(edge).entries == 2
        assert let_through(edge, "10.0.0.3", "10.0.0.4", "10.0.9.3", "10.0.0.1") == [False, False, True, True]
        assert (held(edge), is_whole(edge)) == (set(), True)
        with pytest.raises(Refused, match="not held"):
            release(edge)
    with following(place, registry.url) as edge:
        until(lambda: edge.feed.is_heard)
        assert held(edge) == set()


def test_before_the_feed_has_answered_what_is_held_is_not_known(place: Place, registry: Registry) -> None:
    follow_all(place, registry)
    with following(place, "sqlite:////nowhere/registry.db") as edge:
        until(lambda: trouble(edge))
        said = status(edge).feed
        assert said is not None
        assert said.held is None
        with pytest.raises(Exception, match="not known yet"):
            release(edge)


def test_restored_from_a_backup_what_it_lacks_stays(
    place: Place, registry: Registry, new_registry_url: Callable[[], str], tmp_path: Path
) -> None:
    backup.write(registry.database, tmp_path / "backup")
    registry.register("10.0.0.3")
    follow_all(place, registry)
    url = new_registry_url()
    restored = Database(url, RULES, key=key())
    backup.restore(restored, tmp_path / "backup", OFFICER)
    other = Registry(url, restored, registry.cast)
    with following(place, url) as edge:
        until(lambda: edge.feed.is_heard)
        assert held(edge) == {"10.0.0.3"}
        other.register("10.0.0.4")
        until(lambda: let_through(edge, "10.0.0.4") == [True])
        other.register("10.0.0.3")
        until(lambda: not edge.feed.held)
        assert let_through(edge, "10.0.0.1", "10.0.0.2", "10.0.0.3") == [True] * 3
        assert is_whole(edge)
    restored.close()


def test_a_row_that_is_missing_stops_no_addition(place: Place, registry: Registry) -> None:
    follow_all(place, registry)
    registry.register("10.0.0.3", "10.0.0.4")
    registry.sql("CREATE TABLE aside AS SELECT * FROM listing WHERE joined_serial = 2")
    lost = f"registration_id = '{registry.ids['10.0.0.3']}'"
    registry.sql(f"DELETE FROM listing WHERE {lost}")
    with following(place, registry.url) as edge:
        until(lambda: let_through(edge, "10.0.0.4") == [True])
        until(lambda: "digest" in trouble(edge) or "entries" in trouble(edge))
        registry.register("10.0.0.5")
        until(lambda: let_through(edge, "10.0.0.5") == [True])
        registry.revoke("10.0.0.1")
        until(lambda: "serial 4" in trouble(edge))
        assert let_through(edge, "10.0.0.1") == [True], "nothing is removed before the list is whole"
        assert edge.list.state.followed.serial == 1, "nor does the edge say that it has it"
        registry.sql(f"INSERT INTO listing SELECT * FROM aside WHERE {lost}")
        until(lambda: not trouble(edge) and edge.list.state.followed.serial == 4)
        assert let_through(edge, "10.0.0.1", "10.0.0.3", "10.0.0.5") == [False, True, True]
        assert (held(edge), is_whole(edge)) == (set(), True)


def test_a_new_edge_takes_what_there_is(place: Place, registry: Registry) -> None:
    registry.register("10.0.0.3")
    registry.sql(f"DELETE FROM listing WHERE registration_id = '{registry.ids['10.0.0.1']}'")
    with following(place, registry.url) as edge:
        until(lambda: trouble(edge))
        assert let_through(edge, "10.0.0.2", "10.0.0.3") == [True, True]
        registry.register("10.0.0.4")
        until(lambda: let_through(edge, "10.0.0.4") == [True])


def test_serials_of_an_earlier_version_are_followed(place: Place, registry: Registry) -> None:
    registry.register("10.0.0.3")
    registry.sql("UPDATE publication SET digest = NULL")
    follow_all(place, registry)
    with following(place, registry.url) as edge:
        registry.revoke("10.0.0.3")
        until(lambda: let_through(edge, "10.0.0.3") == [False])
        assert (trouble(edge), held(edge)) == ("", set())
        with registry.database.reading() as session:
            digest = serials.head(session).digest
        until(lambda: str(edge.feed.line.digest) == digest)


def test_an_edge_may_be_newer_than_the_tables(place: Place, registry: Registry) -> None:
    registry.register("10.0.0.3")
    registry.database.downgrade("0002")
    with following(place, registry.url) as edge:
        until(lambda: let_through(edge, "10.0.0.1", "10.0.0.3") == [True, True] and edge.feed.is_heard)
        registry.database.upgrade()
        registry.register("10.0.0.4")
        until(lambda: let_through(edge, "10.0.0.4") == [True])
        until(lambda: not trouble(edge))
