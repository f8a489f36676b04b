"""The functions by which edges speak, called as no edge calls them: what an edge's router could do with its login."""

import psycopg
import pytest

from control.registry.store.rights import USUAL
from tests.registry.cast import assemble, register
from tests.registry_roles.conftest import NORTH, Site

EPOCH = "(SELECT epoch FROM ledger)"

SOUND = {"watched": "1", "firsts": "'{}'", "lengths": "'{}'", "seen": "'{}'", "last": "true", "entries": "0",
         "held": "0", "at": "now()"}  # fmt: skip
"""A report that is taken."""

WRONG = [
    {"watched": "NULL"}, {"watched": "-1"}, {"watched": "'NaN'"}, {"watched": "'Infinity'"}, {"watched": "1e11"},
    {"firsts": "'{x}'"}, {"firsts": "NULL", "lengths": "NULL"}, {"seen": "'{1}'"},
    {"firsts": "'{x}'", "lengths": "'{128}'", "seen": "'{NaN}'"},
    {"firsts": "'{x}'", "lengths": "'{128}'", "seen": "'{NULL}'"},
    {"firsts": "'{{x}}'", "lengths": "'{128}'", "seen": "'{1}'"},
    {"firsts": "array_fill('x'::bytea, '{5001}')", "lengths": "array_fill(0, '{5001}')",
     "seen": "array_fill(0.0, '{5001}')"},
    {"last": "NULL"}, {"entries": "NULL"}, {"entries": "-1"}, {"held": "-1"},
    {"at": "NULL"}, {"at": "'infinity'"}, {"at": "'-infinity'"}, {"at": "'1066-10-14'"},
]  # fmt: skip
"""What of it makes it one that is not."""


def call(site: Site, statement: str, login: str = NORTH) -> str | None:
    """Call a function, and return what it refuses it by."""
    try:
        with site.connect(login) as connection:
            connection.execute(f"SELECT {statement}".encode())
    except psycopg.Error as error:
        return error.sqlstate
    return None


def of_report(**parts: str) -> str:
    said = SOUND | parts
    values = (said["watched"], said["firsts"], said["lengths"], said["seen"], said["last"])
    return f"follower_report('north', {', '.join(values)}, {said['entries']}, {said['held']}, {said['at']})"


def heard(site: Site) -> object:
    """Return what the registry holds by what edges said."""
    tables = ("edge_ack", "edge_report", "edge_use")
    return site.value("SELECT concat_ws('/', " + ", ".join(f"(SELECT count(*) FROM {each})" for each in tables) + ")")


@pytest.mark.parametrize("parts", WRONG, ids=str)
def test_what_is_no_report_is_refused(site: Site, parts: dict[str, str]) -> None:
    site.add_edge("north")
    assert call(site, of_report(**parts)) == "WGINV"
    assert heard(site) == "0/0/0"
    assert call(site, of_report()) is None
    assert heard(site) == "0/1/0"


@pytest.mark.parametrize(
    ("serials", "times", "state"),
    [
        ("'{0,0}'", "'{2026-01-01}'", "WGINV"),
        ("'{0}'", "'{infinity}'", "WGINV"),
        ("'{0}'", "'{NULL}'", "WGINV"),
        ("NULL", "'{2026-01-01}'", "WGINV"),
        ("'{{0}}'", "'{{2026-01-01}}'", "WGINV"),
        ("array_fill(0, '{10001}')", "array_fill(now(), '{10001}')", "WGINV"),
        ("'{NULL}'", "'{2026-01-01}'", "WGGON"),
        ("'{1}'", "'{2026-01-01}'", "WGGON"),
        ("'{0}'", "'{2026-01-01}'", None),
    ],
)
def test_what_is_no_serial_with_its_time_is_refused(site: Site, serials: str, times: str, state: str | None) -> None:
    site.add_edge("north")
    assert call(site, f"follower_acknowledge('north', {EPOCH}, {serials}, {times})") == state
    assert heard(site) == ("0/0/0" if state else "1/0/0")


@pytest.mark.parametrize("name", ["NULL", "''", "'south'", "'north '"])
def test_an_edge_that_there_is_not(site: Site, name: str) -> None:
    site.add_edge("north")
    assert call(site, f"follower_acknowledge({name}, {EPOCH}, '{{0}}', '{{2026-01-01}}')") == "WGUNK"
    assert call(site, f"follower_goes_on({name}, 1)") == "WGUNK"
    assert call(site, of_report().replace("'north'", name)) == "WGUNK"


def test_it_is_the_login_that_counts_and_not_the_role_that_it_takes_on(site: Site) -> None:
    site.add_edge("group's", USUAL.follower)
    assert call(site, "follower_goes_on('group''s', 1)", USUAL.follower) is None
    with site.connect(NORTH) as connection:
        connection.execute(f"SET ROLE {USUAL.follower}".encode())
        with pytest.raises(psycopg.Error, match="not for the login edge_north"):
            connection.execute("SELECT follower_goes_on('group''s', 1)")


def test_a_search_path_of_its_own_changes_nothing(site: Site) -> None:
    """Whoever calls a function that runs as the owner would have it find other tables."""
    site.add_edge("north")
    with site.connect(NORTH) as connection:
        connection.execute("SET search_path = pg_temp, pg_catalog")
        connection.execute("SELECT public.follower_goes_on('north', 1)")
    assert site.value("SELECT bool_and(prosecdef = (proconfig::text LIKE '%search_path=pg_catalog%')) FROM pg_proc"
                      " WHERE pronamespace = 'public'::regnamespace")  # fmt: skip


def test_a_login_that_stops_in_the_middle_of_its_words_holds_up_no_writer(site: Site) -> None:
    """The writer's turn is the ledger's row: no function takes it, or a router would have the registry wait for it."""
    site.add_edge("north")
    with site.connect(NORTH) as connection, connection.transaction():
        connection.execute(f"SELECT follower_acknowledge('north', {EPOCH}, '{{0}}', '{{2026-01-01}}')".encode())
        connection.execute(f"SELECT {of_report()}".encode())
        register(site.database, assemble(site.database), "10.0.0.1")
    assert heard(site) == "1/1/0"


def test_neither_ledger_nor_audit_is_touched(site: Site) -> None:
    site.add_edge("north")
    state = "SELECT concat(ledger::text, (SELECT count(*) FROM audit)) FROM ledger"
    before = site.value(state)
    assert call(site, f"follower_acknowledge('north', {EPOCH}, '{{0}}', '{{2026-01-01}}')") is None
    assert call(site, of_report()) is None
    assert call(site, "follower_goes_on('nowhere', 1)") == "WGUNK"
    assert site.value(state) == before
