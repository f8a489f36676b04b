"""What an edge says to a registry whose PostgreSQL lets it write nothing: by functions that run as the tables' owner.

They do what ``edges.acknowledge`` and ``use`` do, and are made by `wicket registry roles` (store/roles.sql), which
knows them by these names and by what they take.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from control.fault import Fault, Kind, Refused, shown
from control.registry.publication.use import Account
from control.registry.store.database import Database

TITLE = "The registry does not take what this edge says"

_MAKE = "as the tables' owner run `wicket registry upgrade`, and then `wicket registry roles`"
_REFUSALS: Mapping[str, tuple[Kind, str]] = {
    "WGUNK": (Kind.NOT_FOUND, "at the registry run `wicket registry edges add NAME` with the edge's name (feed.name)"),
    "WGNOT": (Kind.FORBIDDEN, "use the edge's own login in feed.url, or run `wicket registry edges bind ID`"),
    "WGGON": (Kind.GONE, "start anew from a snapshot"),
    "WGINV": (Kind.INVALID, "look at the edge's clock and version"),
    "42883": (Kind.UNAVAILABLE, _MAKE),  # undefined_function
    "42501": (Kind.UNAVAILABLE, _MAKE),  # insufficient_privilege
}
"""By SQLSTATE: those of roles.sql, and of a registry that has no such functions for this login."""


def by_functions(database: Database) -> bool:
    """Return whether the login may say what an edge has by the functions alone, since it may not write that itself.

    Raises:
        Refused: "unavailable": the database is.
    """
    if database.is_sqlite:
        return False
    with database.reading() as session:
        return not session.scalar(text("SELECT has_table_privilege('edge_ack', 'INSERT')"))


def acknowledge(database: Database, name: str, epoch: str, applied: Sequence[tuple[int, datetime]]) -> None:
    """Note from when on serials are applied at the edge ``name``; what was noted of a serial before stands.

    Raises:
        Refused: "not-found": there is no such edge; "forbidden": it is another login's; "gone": the serials are of
            another epoch, or were never given; "invalid"; "unavailable": the database is, or has no such function.
    """
    statement = "SELECT follower_acknowledge(:name, :epoch, CAST(:serials AS integer[]), CAST(:times AS timestamptz[]))"
    serials, times = [serial for serial, _ in applied], [at for _, at in applied]
    values = {"name": name, "epoch": bytes.fromhex(epoch), "serials": serials, "times": times}
    with database.calling() as session, _telling(name):
        session.execute(text(statement), values)


def goes_on(database: Database, name: str, since: float) -> bool:
    """Return whether the edge's last report, as far as it is known there, was the one at ``since`` watched seconds.

    Raises:
        Refused: as ``acknowledge`` does.
    """
    with database.calling() as session, _telling(name):
        return bool(session.scalar(text("SELECT follower_goes_on(:name, :since)"), {"name": name, "since": since}))


def report(
    database: Database, name: str, account: Account, used: Sequence[tuple[bytes, int, float]], is_last: bool
) -> None:
    """Note at which second of what the edge has watched prefixes last had traffic: some thousand at most.

    ``is_last`` says that with them the edge has said everything.

    Raises:
        Refused: as ``acknowledge`` does.
    """
    statement = (
        "SELECT follower_report(:name, :watched, CAST(:firsts AS bytea[]), CAST(:lengths AS integer[]),"
        " CAST(:seen AS double precision[]), :is_last, CAST(:entries AS integer), CAST(:held AS integer),"
        " CAST(:at AS timestamptz))"
    )
    values: dict[str, Any] = {
        "name": name,
        "watched": account.watched,
        "firsts": [first for first, _, _ in used],
        "lengths": [length for _, length, _ in used],
        "seen": [seen for _, _, seen in used],
        "is_last": is_last,
        "entries": account.entries,
        "held": account.held,
        "at": account.at,
    }
    with database.calling() as session, _telling(name):
        session.execute(text(statement), values)


@contextmanager
def _telling(name: str) -> Iterator[None]:
    """Turn what a function refuses into a refusal."""
    try:
        yield
    except DBAPIError as error:
        state = getattr(error.orig, "sqlstate", None)
        if state not in _REFUSALS:
            raise
        kind, mend = _REFUSALS[str(state)]
        why = str(error.orig).strip().partition("\n")[0]
        raise Refused(kind, TITLE, [Fault(f"edge {shown(name)}", why, mend)]) from error
