"""What a database reports, as a refusal that says what to do; a fault of the program stays what it is."""

import sqlite3

from sqlalchemy.exc import DBAPIError

from control.fault import Fault, Kind, Refused

WAITED = ("55P03", "57014", "25P03")
"""Of PostgreSQL: lock_not_available, query_canceled, idle_in_transaction_session_timeout."""

FORBIDDEN = "42501"
"""Of PostgreSQL: insufficient_privilege."""

UNMADE = ("42P01", "42703", "no such table", "no such column")
"""Of PostgreSQL: undefined_table, undefined_column; and how SQLite says so."""


def of(error: DBAPIError, where: str) -> Refused | None:
    """Return the refusal of what a database reports; none where the program is at fault.

    ``where`` is the database's URL without a password.
    """
    said, state = str(error.orig).strip(), getattr(error.orig, "sqlstate", None)
    first = said.partition("\n")[0]
    if getattr(error.orig, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL or "No space left" in str(error):
        return Refused(Kind.NO_ROOM, "The registry cannot be written", [Fault(where, said, "free space on that disk")])
    if state in WAITED:
        fault = Fault(where, said, "ask again in a moment: somebody else is at work")
        return Refused(Kind.UNAVAILABLE, "The registry is being written", [fault])
    if state == FORBIDDEN:
        mend = "as the tables' owner run `wicket registry upgrade`, and then `wicket registry roles`"
        fault = Fault(where, first, mend)
        return Refused(Kind.UNAVAILABLE, "The registry's database refuses that to this login", [fault])
    if state in UNMADE or said.startswith(UNMADE):
        fault = Fault(where, first, "run `wicket registry upgrade`")
        return Refused(Kind.UNAVAILABLE, "The registry's tables are not those of this version", [fault])
    if type(error).__name__ in ("OperationalError", "InterfaceError") or error.connection_invalidated:
        fault = Fault(where, said, "see that the database runs and can be reached")
        return Refused(Kind.UNAVAILABLE, "The registry's database cannot be used", [fault])
    return None
