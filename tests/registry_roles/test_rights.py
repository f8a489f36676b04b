"""Every login is tried against every table and every function of the schema."""

import psycopg
import pytest

from control.registry.store.rights import FUNCTIONS, TABLES, USUAL
from tests.registry_roles import tried
from tests.registry_roles.conftest import NORTH, OWNER, STRANGER, Site

FOLLOWER = {
    "alembic_version": {"version_num"},
    "ledger": {"epoch", "serial", "count"},
    "listing": {"registration_id", "first", "length", "protocols", "ports", "joined_serial", "left_serial"},
    "publication": {"serial", "at", "count", "digest"},
}
"""All that an edge's login can read, and nothing can it write; told once more than in rights.py, as a contract."""

HEADS = "audit_head"
"""Where there are any, everybody may read the audit's signed heads."""

REFUSED = (
    psycopg.errors.InsufficientPrivilege,
    psycopg.errors.UndefinedTable,  # who may not use the schema sees none
    psycopg.errors.InvalidSchemaName,
)

FUNCTIONS_OF_FOLLOWER = {"follower_acknowledge", "follower_goes_on", "follower_report"}


@pytest.mark.parametrize("login", [USUAL.follower, NORTH])
def test_a_follower_can_read_the_list_and_nothing_else(looked_at: Site, login: str) -> None:
    with looked_at.connect(login) as connection:
        there = tried.tables(connection)
        assert len(there) > 20
        for table, columns in there.items():
            can = tried.try_table(connection, table, columns)
            reads = set(columns) if table == HEADS else FOLLOWER.get(table, set())
            assert (table, can.columns) == (table, {"SELECT": reads, "UPDATE": set()})
            assert (table, can.verbs) == (table, {"SELECT"} if reads == set(columns) else set())
        called = tried.callable_functions(connection, tried.functions(connection))
    assert {name.partition("(")[0] for name in called} == FUNCTIONS_OF_FOLLOWER


@pytest.mark.parametrize("which", range(3), ids=USUAL)
def test_each_can_do_what_is_stated_and_nothing_else(looked_at: Site, which: int) -> None:
    with looked_at.connect(USUAL[which]) as connection:
        there = tried.tables(connection)
        found = {name: tried.try_table(connection, name, columns) for name, columns in there.items()}
        said = {name: tried.stated(name, columns, which) for name, columns in there.items()}
        assert list(tried.differing(found, said)) == []
        every = tried.functions(connection)
        assert tried.callable_functions(connection, every) == tried.callable_by(which)


def test_every_table_and_every_function_has_its_rights_stated(looked_at: Site) -> None:
    with looked_at.connect(OWNER) as connection:
        assert set(tried.tables(connection)) - set(TABLES) == set(), "state them in rights.py"
        assert set(TABLES) - set(tried.tables(connection)) <= {HEADS}
        assert set(tried.functions(connection)) == set(FUNCTIONS), "state them in rights.py"


def test_whoever_else_may_log_in_can_do_nothing(looked_at: Site) -> None:
    nothing = tried.Can(set(), {"SELECT": set(), "UPDATE": set()})
    with looked_at.connect(STRANGER) as connection:
        there = tried.tables(connection)
        assert {name: tried.try_table(connection, name, columns) for name, columns in there.items()} == dict.fromkeys(
            there, nothing
        )
        assert tried.callable_functions(connection, tried.functions(connection)) == set()


@pytest.mark.parametrize("login", [*USUAL, NORTH, STRANGER])
@pytest.mark.parametrize("right", ["REFERENCES", "TRIGGER", "TRUNCATE", "SELECT WITH GRANT OPTION"])
def test_none_has_what_no_statement_tries(looked_at: Site, login: str, right: str) -> None:
    asked = "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND"
    assert looked_at.value(f"{asked} has_table_privilege('{login}', oid, '{right}')") == 0


@pytest.mark.parametrize("login", [*USUAL, NORTH, STRANGER])
@pytest.mark.parametrize(
    "statement",
    ["CREATE TABLE mine (a int)", "CREATE TEMPORARY TABLE mine (a int)", "CREATE SCHEMA mine", "CREATE ROLE mine",
     "ALTER TABLE ledger ADD mine int", "DROP TABLE ledger", f"SET ROLE {OWNER}",
     "ALTER TABLE audit DISABLE TRIGGER ALL", "DROP TRIGGER audit_is_kept ON audit",
     "CREATE FUNCTION public.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
     "CREATE OR REPLACE FUNCTION public.follower_edge(text) RETURNS text LANGUAGE sql AS 'SELECT 1'"],
)  # fmt: skip
def test_none_makes_or_changes_what_there_is(looked_at: Site, login: str, statement: str) -> None:
    with looked_at.connect(login) as connection, pytest.raises(REFUSED), connection.transaction(force_rollback=True):
        connection.execute(statement.encode())


@pytest.mark.parametrize("login", USUAL)
@pytest.mark.parametrize(
    "statement",
    ["UPDATE audit SET actor = 'x'", "DELETE FROM audit", "UPDATE ledger SET epoch = 'x'", "DELETE FROM ledger",
     "UPDATE publication SET digest = NULL", "DELETE FROM publication", "DELETE FROM listing",
     "UPDATE listing SET first = 'x'", "UPDATE token SET digest = 'x'", "UPDATE token SET scopes = '[]'",
     "INSERT INTO edge_ack VALUES ('x', 1, now())", "SELECT secret FROM ledger"],
)  # fmt: skip
def test_not_even_api_and_worker_rewrite_what_was(looked_at: Site, login: str, statement: str) -> None:
    with looked_at.connect(login) as connection, pytest.raises(REFUSED), connection.transaction(force_rollback=True):
        connection.execute(statement.encode())


@pytest.mark.parametrize("login", [USUAL.follower, NORTH])
@pytest.mark.parametrize(
    "statement",
    ["UPDATE ledger SET serial = 0", "INSERT INTO audit VALUES (1, now(), 'officer', '', 'x', '', 'done', '', '', '')",
     "SELECT * FROM ledger", "SELECT key_name FROM ledger", "SELECT * FROM audit", "SELECT digest FROM token",
     "SELECT epoch FROM ledger FOR UPDATE", "LOCK TABLE ledger", "SELECT follower_edge('north')"],
)  # fmt: skip
def test_a_follower_sets_no_serial_back_and_appends_to_no_audit(looked_at: Site, login: str, statement: str) -> None:
    with looked_at.connect(login) as connection, pytest.raises(REFUSED), connection.transaction(force_rollback=True):
        connection.execute(statement.encode())
    assert looked_at.value("SELECT audit_seq FROM ledger") == 0
