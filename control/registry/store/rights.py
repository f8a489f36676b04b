"""Which of the registry's three logins may do what on PostgreSQL: the one table, and its statements.

Everybody else may do nothing but the tables' owner, who makes and upgrades them. `wicket registry roles` carries it out
(``roles``), and a test tries every table and every function of the schema by each login against it.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from control.registry.store.model import Base

VERSION = "alembic_version"
"""Alembic's table: which revision the tables are."""

EVERYTHING = "SELECT, INSERT, UPDATE, DELETE"


class Logins(NamedTuple):
    """What the three are called.

    Attributes:
        api: of the registry's API, and of `wicket registry`.
        worker: of what does the jobs, and what time brings.
        follower: of edges, or of the group that each edge's own login is in.
    """

    api: str
    worker: str
    follower: str


USUAL = Logins("wicket_api", "wicket_worker", "wicket_follower")
"""What they are called unless an operator says otherwise."""


class Rights(NamedTuple):
    """What each may do with a table, as GRANT writes it; empty is nothing."""

    api: str
    worker: str
    follower: str = ""


# What is changed is named column by column where a table has what must not be: who holds the ledger's row gives
# serials, and never another epoch; a token is revoked, and never another's digest. Nobody changes or removes a row of
# the audit, a serial that was given, or what an edge said it had.
TABLES: Mapping[str, Rights] = {
    VERSION: Rights("SELECT", "SELECT", "SELECT (version_num)"),
    "application": Rights("SELECT, INSERT, UPDATE", "SELECT, INSERT, UPDATE"),
    "application_entry": Rights("SELECT, INSERT, DELETE", "SELECT, INSERT"),
    "audit": Rights("SELECT, INSERT", "INSERT"),
    "audit_head": Rights("SELECT, INSERT", "SELECT, INSERT", "SELECT"),
    "edge": Rights("SELECT, INSERT, UPDATE (version, changed_at)", "SELECT"),
    "edge_ack": Rights("SELECT", ""),
    "edge_login": Rights("SELECT, INSERT, UPDATE (login), DELETE", ""),
    "edge_report": Rights("SELECT, INSERT, UPDATE (retired_at)", "SELECT"),
    "edge_use": Rights("SELECT", "SELECT"),
    "idempotency_key": Rights(EVERYTHING, ""),
    "intent": Rights("SELECT, INSERT, UPDATE", "SELECT, INSERT, UPDATE"),
    "intent_item": Rights("SELECT, INSERT, UPDATE (is_open), DELETE", "SELECT, INSERT, UPDATE (is_open), DELETE"),
    "job": Rights("SELECT, INSERT", "SELECT, UPDATE"),
    "job_row": Rights("SELECT", "INSERT"),
    "ledger": Rights(
        "SELECT (id, epoch, serial, count, audit_seq, audit_hash, key_name, told), "
        "UPDATE (serial, count, audit_seq, audit_hash)",
        "SELECT (id, epoch, serial, count, audit_seq, audit_hash, key_name, told), "
        "UPDATE (serial, count, audit_seq, audit_hash)",
        "SELECT (epoch, serial, count)",
    ),
    "listing": Rights(
        "SELECT, INSERT, UPDATE (left_serial)",
        "SELECT, UPDATE (left_serial)",
        "SELECT (registration_id, first, length, protocols, ports, joined_serial, left_serial)",
    ),
    "person": Rights("SELECT, INSERT, UPDATE", ""),
    "provider": Rights("SELECT, INSERT, UPDATE", "SELECT"),
    "provider_prefix": Rights("SELECT, INSERT, DELETE", "SELECT"),
    "publication": Rights("SELECT, INSERT", "SELECT, INSERT", "SELECT (serial, at, count, digest)"),
    "registrant": Rights("SELECT, INSERT, UPDATE", "SELECT, INSERT"),
    "registration": Rights("SELECT, INSERT, UPDATE", "SELECT, UPDATE"),
    "token": Rights("SELECT, INSERT, UPDATE (version, changed_at, revoked_at)", "SELECT (id), UPDATE (used_at)"),
}
"""By the table's name."""

FUNCTIONS: Mapping[str, tuple[bool, bool, bool]] = {
    "audit_is_kept()": (False, False, False),  # a trigger: nobody calls it
    "follower_acknowledge(text, bytea, integer[], timestamp with time zone[])": (False, False, True),
    "follower_goes_on(text, double precision)": (False, False, True),
    "follower_report(text, double precision, bytea[], integer[], double precision[], boolean, integer, integer, "
    "timestamp with time zone)": (False, False, True),
    "follower_edge(text)": (False, False, False),  # the three above ask it, as the owner
}
"""Which of the three may call it, by its name and the types of what it takes."""


def grants(logins: Logins, schema: str) -> Iterator[str]:
    """Yield the statements that give the three what the tables say, in a schema in which they have nothing.

    A table that this version does not have has no statement.
    """
    there = {VERSION, *Base.metadata.tables}
    for table, rights in TABLES.items():
        if table in there:
            yield from (
                f"GRANT {right} ON TABLE {quoted(schema)}.{quoted(table)} TO {quoted(login)};"
                for login, right in zip(logins, rights, strict=True)
                if right
            )
    for function, may in FUNCTIONS.items():
        yield from (
            f"GRANT EXECUTE ON FUNCTION {quoted(schema)}.{function} TO {quoted(login)};"
            for login, called in zip(logins, may, strict=True)
            if called
        )


def quoted(name: str) -> str:
    """Return a name as SQL has it, whatever is in it."""
    return '"' + name.replace('"', '""') + '"'
