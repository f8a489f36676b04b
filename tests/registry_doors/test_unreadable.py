"""Rows put in by SQL, with whatever in any column: each is shown with its fault, and so are its neighbours."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from control.registry.access.actor import Actor
from control.registry.intents import intents
from control.registry.jobs import jobs
from control.registry.publication import edges, serials
from control.registry.store.database import Database
from tests.registry.cast import OFFICER, RULES, apply, assemble, register
from tests.registry_doors.house import House

JUNK: tuple[object, ...] = (
    *("x", "", -1, 10**18, b"\xff", "[]", "{}", '"x"', "null", "{", "[1]", "[null]", '{"a":1}'),
    *("9999-12-31 23:59:59.000000", "\x1b[2J", "\ud800".encode("utf-8", "surrogatepass")),
)
LISTS = {
    "registrant": "registrants",
    "application": "applications",
    "registration": "registrations",
    "provider": "providers",
    "person": "persons",
    "token": "tokens",
    "intent": "intents",
    "job": "jobs",
    "edge": "edges",
}
OTHERS = ("application_entry", "edge_ack", "intent_item", "listing", "publication")
READING = ("applications", "registrations", "intents", "edges")
"""Tables of which lists read, too, and these lists."""

KEYS = ("id", "serial", "joined_serial")


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A registry with two of everything."""
    house = House(tmp_path_factory.mktemp("unreadable"))
    database = Database(house.wicket.url, RULES)
    cast = assemble(database)
    ids = register(database, cast, "10.0.0.1", "10.0.1.0/24")
    for prefix, whose in (("10.2.0.1", cast.company), ("10.2.0.2", cast.rival)):
        apply(database, cast, [prefix], whose)
    with database.writing(OFFICER) as writing:
        for id_ in ids:
            intents.propose(writing, "suspend", {id_: None}, "why")
        for subject in ("applications", "registrations"):
            jobs.order_export(writing, subject)
    for name in ("north", "south"):
        with database.writing(Actor(f"edge {name}")) as writing:
            epoch = serials.head(writing.session).epoch
            edges.acknowledge(writing, name, epoch, [(1, database.now())])
    database.close()
    house.wicket("officers", "add", "Another")
    house.wicket("tokens", "create", "another", "--scope", "officer", "--holder", house.officer)
    yield house
    house.close()


def columns(file: Path, table: str) -> list[str]:
    with closing(sqlite3.connect(file)) as connection:
        return [row[1] for row in connection.execute(f"PRAGMA table_info({table})") if row[1] not in KEYS]


@pytest.mark.parametrize("table", [*LISTS, *OTHERS])
def test_whatever_a_row_holds_its_list_is_shown_and_its_neighbours_in_it(full: House, table: str) -> None:
    token = f"WHERE id != '{full.token_id}'" if table == "token" else ""
    with closing(sqlite3.connect(full.file, isolation_level=None)) as connection:
        (row,) = connection.execute(f"SELECT rowid FROM {table} {token} ORDER BY rowid DESC LIMIT 1").fetchone()
        own = ""
        if table in LISTS:
            (own,) = connection.execute(f"SELECT id FROM {table} WHERE rowid = ?", [row]).fetchone()
        lists = (LISTS[table],) if table in LISTS else READING
        before = {name: {each["id"] for each in full.walk(f"/v1/{name}")} for name in lists}
        for column in columns(full.file, table):
            (was,) = connection.execute(f"SELECT {column} FROM {table} WHERE rowid = ?", [row]).fetchone()
            try:
                for junk in JUNK:
                    try:
                        connection.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", [junk, row])
                    except sqlite3.IntegrityError:
                        continue
                    for name in lists:
                        found = {each["id"] for each in full.walk(f"/v1/{name}")}
                        assert before[name] - {own} <= found, (column, junk, name)
                    if table in LISTS and table != "edge":
                        full.ask("GET", f"/v1/{LISTS[table]}/{own}")  # holds that it is no 5xx
                    full.ask("GET", "/v1/registry")
            finally:
                connection.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", [was, row])


def test_it_is_said_what_cannot_be_read(full: House) -> None:
    with closing(sqlite3.connect(full.file, isolation_level=None)) as connection:
        (id_, was) = connection.execute("SELECT id, created_at FROM registrant LIMIT 1").fetchone()
        connection.execute("UPDATE registrant SET created_at = 'yesterday' WHERE id = ?", [id_])
        (listed,) = (each for each in full.walk("/v1/registrants") if each["id"] == id_)
        assert listed["fault"].startswith("created_at cannot be read")
        refused = full.ask("GET", f"/v1/registrants/{id_}", status=409)
        assert refused["errors"][0]["why"] == "created_at cannot be read"
        (shown,) = (each for each in full.wicket("registrants", "list") if each["id"] == id_)
        assert shown == listed
        connection.execute("UPDATE registrant SET created_at = ? WHERE id = ?", [was, id_])
