"""`wicket registry roles`: printed and carried out, again and again, by whom it may be, and for which names."""

import json
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from control.cli import main
from control.fault import Refused
from control.registry.store import roles
from control.registry.store.database import Database
from control.registry.store.rights import FUNCTIONS, TABLES, USUAL, Logins
from tests.registry.key import key
from tests.registry_roles import tried
from tests.registry_roles.conftest import NORTH, OWNER, STRANGER, Site

RIGHTS = """
SELECT json_build_object(
    'tables', (SELECT json_object_agg(relname, relacl::text[] ORDER BY relname) FROM pg_class
               WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'),
    'columns', (SELECT json_object_agg(attrelid::regclass || '.' || attname, attacl::text[] ORDER BY attrelid, attnum)
                FROM pg_attribute WHERE attacl IS NOT NULL AND attrelid IN
                (SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace)),
    'functions', (SELECT json_object_agg(proname, array[proacl::text, prosrc, proowner::regrole::text]
                                         ORDER BY proname) FROM pg_proc WHERE pronamespace = 'public'::regnamespace),
    'schema', (SELECT array[nspacl::text] FROM pg_namespace WHERE nspname = 'public'),
    'database', (SELECT array[datacl::text] FROM pg_database WHERE datname = current_database()),
    'defaults', (SELECT array_agg(defaclobjtype::text || defaclacl::text ORDER BY defaclobjtype, defaclacl::text)
                 FROM pg_default_acl)
)::text
"""


def run(site: Site, directory: Path, *words: str, login: str = OWNER) -> Result:
    """Run `wicket registry roles` by a login."""
    file = directory / "wicket.toml"
    api = site.url(USUAL.api)
    file.write_text(f'[registry]\nurl = "{api}"\nowner_url = "{site.url(login)}"\nkey = "{key().path}"\n')
    return CliRunner().invoke(main, ["--config", str(file), "registry", "roles", *words], catch_exceptions=False)


def rights(site: Site) -> object:
    return json.loads(str(site.value(RIGHTS)))


def test_what_is_printed_does_the_same_and_a_second_time_nothing(bare: Site, tmp_path: Path) -> None:
    before = rights(bare)
    printed = run(bare, tmp_path, "--print").stdout
    assert rights(bare) == before
    psql = ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", bare.url(OWNER)]
    subprocess.run(psql, input=printed, text=True, check=True, stdout=subprocess.DEVNULL)
    by_psql = rights(bare)
    assert by_psql != before
    assert run(bare, tmp_path).exit_code == 0
    assert rights(bare) == by_psql
    assert json.loads(run(bare, tmp_path, "--json").stdout) == USUAL._asdict()
    assert rights(bare) == by_psql
    assert "BEGIN;\n" + json.loads(run(bare, tmp_path, "--print", "--json").stdout)["sql"] + "COMMIT;\n" == printed


def test_by_a_superuser_it_is_the_owners_all_the_same(bare: Site, tmp_path: Path) -> None:
    assert run(bare, tmp_path, login="postgres").exit_code == 0
    by_superuser = rights(bare)
    roles.make(bare.database, USUAL)
    assert rights(bare) == by_superuser
    owners = "SELECT string_agg(DISTINCT proowner::regrole::text, ' ') FROM pg_proc WHERE pronamespace ="
    assert bare.value(f"{owners} 'public'::regnamespace") == OWNER, "none runs as a superuser"


def test_what_was_granted_beyond_is_taken_back(site: Site) -> None:
    held = rights(site)
    site.sql(
        f"GRANT ALL ON ALL TABLES IN SCHEMA public TO {USUAL.follower}, PUBLIC",
        f"GRANT UPDATE (serial) ON ledger TO {USUAL.follower}",
        "GRANT ALL ON ALL FUNCTIONS IN SCHEMA public TO PUBLIC",
        f"GRANT CREATE ON SCHEMA public TO {USUAL.worker}",
        f"ALTER DEFAULT PRIVILEGES FOR ROLE {OWNER} IN SCHEMA public GRANT ALL ON TABLES TO {USUAL.follower}",
        login=OWNER,
    )
    assert rights(site) != held
    roles.make(site.database, USUAL)
    assert rights(site) == held


def test_the_names_are_an_operators_to_choose(bare: Site, tmp_path: Path) -> None:
    words = ("--api", "reg_api", "--worker", "reg_worker", "--follower", "reg_follower", "--json")
    assert run(bare, tmp_path, *words).exit_code == 0
    assert bare.value("SELECT has_column_privilege('reg_follower', 'ledger', 'serial', 'SELECT')")


@pytest.mark.parametrize(
    ("logins", "kind", "why"),
    [
        (Logins("a", "b", "a"), "invalid", "the same"),
        (Logins("a", "b", 'c"; DROP TABLE ledger; --'), "invalid", "is no name"),
        (Logins("a", "b", "Upper"), "invalid", "is no name"),
        (Logins("a", "pg_read_all_data", "c"), "invalid", "is no name"),
        (Logins(OWNER, "b", "c"), "unavailable", "owner of the tables"),
        (Logins("postgres", "b", "c"), "unavailable", "is a superuser"),
    ],
)
def test_names_that_cannot_be(bare: Site, logins: Logins, kind: str, why: str) -> None:
    before = rights(bare)
    with pytest.raises(Refused) as refused:
        roles.make(bare.database, logins)
    assert (refused.value.kind, why in str(refused.value)) == (kind, True), refused.value
    assert rights(bare) == before


def test_a_login_that_has_more_by_being_in_another_is_refused(site: Site) -> None:
    site.sql(f"GRANT pg_read_all_data TO {USUAL.worker}")
    try:
        with pytest.raises(Refused, match="is in pg_read_all_data"):
            roles.make(site.database, USUAL)
    finally:
        site.sql(f"REVOKE pg_read_all_data FROM {USUAL.worker}")


@pytest.mark.parametrize("login", [USUAL.api, STRANGER])
def test_who_does_not_own_the_tables_is_told_so(site: Site, tmp_path: Path, login: str) -> None:
    done = run(site, tmp_path, login=login)
    assert (done.exit_code, "as the tables' owner" in done.stderr) == (1, True), done.stderr


def test_sqlite_has_no_logins(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/registry.db", key=key())
    with pytest.raises(Refused, match="is SQLite") as refused:
        roles.make(database, USUAL)
    assert refused.value.kind == "conflict"


def test_tables_of_another_version_are_upgraded_first(bare: Site) -> None:
    bare.database.downgrade("0007")
    with pytest.raises(Refused, match="run `wicket registry upgrade` first"):
        roles.make(bare.database, USUAL)
    bare.database.downgrade("base")
    with pytest.raises(Refused, match="run `wicket registry upgrade` first"):
        roles.make(bare.database, USUAL)


def test_what_is_made_later_is_nobodys(site: Site) -> None:
    site.sql(
        "CREATE TABLE later (a int)", "CREATE FUNCTION later() RETURNS int LANGUAGE sql AS 'SELECT 1'", login=OWNER
    )
    nothing = tried.Can(set(), {"SELECT": set(), "UPDATE": set()})
    for login in (*USUAL, NORTH):
        with site.connect(login) as connection:
            assert tried.tables(connection).keys() - set(TABLES) == {"later"}, "it would be found"
            assert tried.functions(connection).keys() - set(FUNCTIONS) == {"later()"}, "so would it"
            assert tried.try_table(connection, "later", ["a"]) == nothing
            assert tried.callable_functions(connection, {"later()": []}) == set()
