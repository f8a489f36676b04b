"""The three logins of the registry's PostgreSQL, made with the rights of ``rights.TABLES`` and ``FUNCTIONS``."""

import re
from pathlib import Path

from alembic.config import Config as Migrations
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.orm import Session

from control.fault import Fault, Kind, Refused, shown
from control.registry.store import rights
from control.registry.store.database import MIGRATING, Database
from control.registry.store.rights import Logins

NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}")
"""A name that PostgreSQL takes as it is, in quotes and without."""

TITLE = "The logins cannot be made"


def script(database: Database, logins: Logins) -> str:
    """Return the SQL that makes the logins, to be run by the owner of the tables in one transaction.

    Raises:
        Refused: "invalid": a name is none, or two are one; "conflict": the database is SQLite's, or its tables are of
            another version; "unavailable": it cannot be read.
    """
    _demand_names(logins)
    if database.is_sqlite:
        why = "is SQLite, which knows no logins: whoever may open the file may do everything"
        mend = "serve the registry from PostgreSQL (registry.url), or guard the file by its mode"
        raise Refused(Kind.CONFLICT, TITLE, [Fault("the registry's database", why, mend)])
    with database.reading() as session:
        schema = _demand_ours(session)
    words = {
        "schema": rights.quoted(schema),
        "schema_text": f"'{schema}'",
        "names": f"ARRAY[{', '.join(repr(name) for name in logins)}]",
        "lock": str(MIGRATING),
        **{name: rights.quoted(login) for name, login in logins._asdict().items()},
    }
    template = Path(__file__).with_name("roles.sql").read_text(encoding="utf-8")
    made = re.sub(r"\{(\w+)\}", lambda match: words[match[1]], template)
    return "\n".join([made, "-- control/registry/store/rights.py", *rights.grants(logins, schema), ""])


def make(database: Database, logins: Logins) -> None:
    """Make the logins where they are not there yet, and give them just the rights that they are to have.

    Raises:
        Refused: as ``script`` does; "unavailable": who asks does not own the tables, or may make no logins.
    """
    statements = script(database, logins)
    with database.calling() as session:
        # Without parameters PostgreSQL takes many statements at once.
        session.connection(execution_options={"no_parameters": True}).exec_driver_sql(statements)


def _demand_names(logins: Logins) -> None:
    mend = "write a name of at most 63 small letters, digits and underscores"
    faults = [
        Fault(option, f"{shown(name)} is no name of a login", mend)
        for option, name in zip(("--api", "--worker", "--follower"), logins, strict=True)
        if not NAME.fullmatch(name) or name.startswith("pg_") or name == "public"
    ]
    if not faults and len(set(logins)) < len(logins):
        faults = [Fault("--api, --worker, --follower", "two of the names are the same", "give each its own")]
    if faults:
        raise Refused(Kind.INVALID, TITLE, faults)


def _demand_ours(session: Session) -> str:
    """Return the schema of the tables, once they are known to be of this version: else the rights would be another's.

    Raises:
        Refused: "conflict".
    """
    migrations = Migrations()
    migrations.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
    needed = ScriptDirectory.from_config(migrations).get_current_head()
    schema, there = session.execute(text("SELECT current_schema(), to_regclass('alembic_version') IS NOT NULL")).one()
    found = session.scalar(text("SELECT version_num FROM alembic_version")) if there else None
    if found != needed:
        why = f"are of revision {found}, and not of {needed}" if found else "are not there"
        fault = Fault("the tables", why, "as the tables' owner run `wicket registry upgrade` first")
        raise Refused(Kind.CONFLICT, TITLE, [fault])
    if not NAME.fullmatch(schema):
        fault = Fault("the schema", f"is called {shown(schema)}", "keep the tables in one with a plain name, as public")
        raise Refused(Kind.CONFLICT, TITLE, [fault])
    return str(schema)
