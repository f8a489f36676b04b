"""What a login can do with every table and every function of the schema: tried, one statement after the other."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import psycopg
from psycopg import sql

from control.registry.store.rights import FUNCTIONS, TABLES

VERBS = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE")


@dataclass
class Can:
    """What a login can do with a table.

    Attributes:
        verbs: what it can do with whole rows.
        columns: of SELECT and UPDATE, by column.
    """

    verbs: set[str] = field(default_factory=set)
    columns: dict[str, set[str]] = field(default_factory=dict)


def tables(connection: psycopg.Connection) -> dict[str, list[str]]:
    """Return whatever of the schema has rows, with its columns, by the server's own catalogue."""
    found = connection.execute(
        "SELECT relname, array_agg(attname::text ORDER BY attnum)"
        " FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid"
        " WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'f', 'S')"
        " AND attnum > 0 AND NOT attisdropped GROUP BY relname"
    )
    return dict(found.fetchall())


def functions(connection: psycopg.Connection) -> dict[str, list[str]]:
    """Return every function of the schema as rights.py names it, with the types of what it takes."""
    found = connection.execute(
        "SELECT proname, array(SELECT format_type(kind, NULL) FROM unnest(proargtypes) AS kind) FROM pg_proc"
        " WHERE pronamespace = 'public'::regnamespace"
    )
    return {f"{name}({', '.join(kinds)})": kinds for name, kinds in found.fetchall()}


def try_table(connection: psycopg.Connection, table: str, columns: list[str]) -> Can:
    """Try everything with a table, and undo it; what fails for another reason than the right is what it may do."""
    name, can = sql.Identifier("public", table), Can()
    whole = {
        "SELECT": sql.SQL("SELECT * FROM {}").format(name),
        "INSERT": sql.SQL("INSERT INTO {} DEFAULT VALUES").format(name),
        "DELETE": sql.SQL("DELETE FROM {} WHERE false").format(name),
        "TRUNCATE": sql.SQL("TRUNCATE {} CASCADE").format(name),
    }
    can.verbs = {verb for verb, statement in whole.items() if may(connection, statement)}
    of_columns = {"SELECT": "SELECT {1} FROM {0} LIMIT 1", "UPDATE": "UPDATE {0} SET {1} = NULL WHERE false"}
    for verb, pattern in of_columns.items():
        can.columns[verb] = {
            column for column in columns if may(connection, sql.SQL(pattern).format(name, sql.Identifier(column)))
        }
    if can.columns["UPDATE"] == set(columns):
        can.verbs.add("UPDATE")
    return can


def may(connection: psycopg.Connection, statement: sql.Composed) -> bool:
    """Return whether a statement is not refused for want of a right."""
    try:
        with connection.transaction(force_rollback=True):
            connection.execute(statement)
    except psycopg.errors.InsufficientPrivilege:
        return False
    except psycopg.Error:
        return True
    return True


def stated(table: str, columns: list[str], which: int) -> Can:
    """Return what rights.py says that one of the three can do with a table."""
    can = Can(columns={"SELECT": set(), "UPDATE": set()})
    for verb, named in re.findall(r"(\w+)(?: \(([^)]*)\))?(?:, |$)", TABLES[table][which]):
        if verb in can.columns:
            can.columns[verb] = set(named.split(", ")) if named else set(columns)
        if not named or can.columns[verb] == set(columns):
            can.verbs.add(verb)
    return can


def callable_functions(connection: psycopg.Connection, all_: dict[str, list[str]]) -> set[str]:
    """Return which functions a login can call: by calling each, with nothing."""
    return {name for name, kinds in all_.items() if may(connection, _call(name, kinds))}


def callable_by(which: int) -> set[str]:
    """Return which functions rights.py lets one of the three call."""
    return {name for name, may in FUNCTIONS.items() if may[which]}


def _call(name: str, kinds: list[str]) -> sql.Composed:
    nothing = sql.SQL(", ").join(sql.SQL(f"NULL::{kind}") for kind in kinds)
    return sql.SQL("SELECT {}({})").format(sql.Identifier("public", name.partition("(")[0]), nothing)


def differing(found: dict[str, Can], said: dict[str, Can]) -> Iterator[str]:
    """Yield what is otherwise than it is said to be, a table a line."""
    yield from (f"{name}: {found[name]}, and not {said[name]}" for name in found if found[name] != said[name])
