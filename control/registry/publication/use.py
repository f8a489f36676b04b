"""What is in use: which registered prefixes have traffic at which edge, as the edges report it.

An edge says when it last saw traffic of an entry by what it has ``watched``: seconds that it has looked at traffic,
which no step of a wall clock changes. In use is what had traffic within a day of its edge's last report, so that of an
edge which falls silent everything stays in use that was.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, exists, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from control.registry.publication import edges
from control.registry.store import revision
from control.registry.store.model import EdgeReport, EdgeUse, FollowingEdge, Registration
from control.registry.store.writing import Writing, portions

DAY = 24 * 3600.0
IN_USE = DAY + 3600.0
"""Seconds: a day, and the hour after which an edge says again of the same entry that it is in use."""

SILENT = timedelta(hours=1)
"""What an edge has not said for longer is not known."""

AHEAD = 300.0
"""Seconds by which the clocks of registry and edge may differ before the registry's date is not believed."""


@dataclass(frozen=True, slots=True)
class LastTraffic:
    """When an edge last had traffic of a registration.

    Attributes:
        edge: its name.
        at: by the registry's clock, to the hour; nothing later is known.
        in_use: whether that is within a day of the edge's last report.
    """

    edge: str
    at: datetime
    in_use: bool


@dataclass(frozen=True, slots=True)
class Account:
    """What an edge reports besides which entries have traffic.

    Attributes:
        watched: seconds that it has looked at traffic.
        entries: of the registry's that are live there.
        held: of these, that the registry's list has no more, or narrower; none: it does not know yet.
        at: what its clock says.
    """

    watched: float
    entries: int
    held: int | None
    at: datetime


def has_use(session: Session) -> bool:
    """Return whether the tables have what edges report: an edge may be newer than its registry."""
    return revision.have(session, revision.USE)


def goes_on(session: Session, name: str, since: float | None) -> bool:
    """Return whether the edge's last report, as far as it is known here, was the one at ``since`` watched seconds."""
    of_edge = select(EdgeReport.watched).join(FollowingEdge, FollowingEdge.id == EdgeReport.edge_id)
    return since is not None and session.scalar(of_edge.where(FollowingEdge.name == name)) == since


def begin(writing: Writing, name: str, account: Account) -> str:
    """Return the edge's id; where it has forgotten what it had watched, what it said before counts from then on."""
    writing.set_action("edge.report")
    edge = edges.entered(writing, name)
    known = writing.session.get(EdgeReport, edge)
    if known and account.watched < known.watched:
        of_edge = update(EdgeUse).where(EdgeUse.edge_id == edge)
        writing.session.execute(of_edge.values(seen=EdgeUse.seen - known.watched))
        known.watched = account.watched
    return edge


def note(writing: Writing, edge: str, used: Sequence[tuple[bytes, int, float]]) -> None:
    """Note at which second of what the edge has watched prefixes (first, length) last had traffic."""
    is_postgresql = writing.session.get_bind().dialect.name == "postgresql"
    insert = postgresql.insert(EdgeUse) if is_postgresql else sqlite.insert(EdgeUse)
    keys = [EdgeUse.first, EdgeUse.length, EdgeUse.edge_id]
    statement = insert.on_conflict_do_update(index_elements=keys, set_={"seen": insert.excluded.seen})
    rows = [{"first": first, "length": length, "edge_id": edge, "seen": seen} for first, length, seen in used]
    if rows:
        writing.session.execute(statement, rows)


def conclude(writing: Writing, edge: str, account: Account) -> None:
    """Note that an edge has said all that it has to say."""
    report = EdgeReport(
        edge_id=edge,
        at=writing.now,
        watched=account.watched,
        entries=account.entries,
        held=account.held,
        ahead=(account.at - writing.now).total_seconds(),
        retired_at=None,
    )
    writing.session.merge(report)


def in_use() -> ColumnElement[bool]:
    """Return, as a condition on ``Registration``, whether any edge has traffic of it."""
    return exists(
        _of_edges()
        .where(EdgeUse.first == Registration.first, EdgeUse.length == Registration.length, _is_recent())
        .correlate(Registration)
    )


def last_traffic(session: Session, registrations: Collection[Registration]) -> dict[str, list[LastTraffic]]:
    """Return for each registration, by its id, when edges last had traffic of it, the last first."""
    ids = {(each.first, each.length): each.id for each in registrations}
    found: dict[str, list[tuple[float, LastTraffic]]] = {each.id: [] for each in registrations}
    columns = _of_edges().with_only_columns(
        EdgeUse.first,
        EdgeUse.length,
        FollowingEdge.name,
        EdgeReport.at,
        EdgeReport.watched - EdgeUse.seen,
        _is_recent(),
    )
    for portion in portions({first for first, _ in ids}):
        for first, length, name, at, ago, recent in session.execute(columns.where(EdgeUse.first.in_(portion))):
            if id_ := ids.get((first, length)):
                found[id_].append((ago, LastTraffic(name, at - timedelta(seconds=ago), recent)))
    return {id_: [traffic for _, traffic in sorted(each, key=lambda row: row[0])] for id_, each in found.items()}


def unknown(session: Session, now: datetime, least: timedelta) -> list[str]:
    """Return in words why it is not known what is in use, or what day it is; nothing where it is.

    ``least`` is for how long an edge has to have looked at its traffic; a day is as good as any longer time.
    """
    reports = edges.reports(session)
    if not reports:
        return ["no edge has reported which entries are in use"]
    return [why for name, report in reports if (why := _doubt(name, report, now, least))]


def _doubt(name: str, report: EdgeReport | None, now: datetime, least: timedelta) -> str | None:
    if report is None:
        return f"edge {name} has never reported which entries are in use"
    if report.retired_at is not None:
        return None
    if abs(now - report.at) > SILENT:
        return f"edge {name} has not reported since {report.at:%Y-%m-%d %H:%M} which entries are in use"
    if abs(report.ahead) > AHEAD:
        return f"the clock of edge {name} is {report.ahead:+,.0f} s off the registry's: one of them is wrong"
    needed = min(DAY, least.total_seconds())
    if report.watched < needed:
        return f"edge {name} has looked at its traffic for {report.watched / 3600:.1f} of {needed / 3600:.1f} h"
    return None


def _of_edges() -> Select[EdgeUse]:
    """Return a query for what was reported by edges that there still are."""
    return (
        select(EdgeUse)
        .join(EdgeReport, EdgeReport.edge_id == EdgeUse.edge_id)
        .join(FollowingEdge, FollowingEdge.id == EdgeUse.edge_id)
        .where(EdgeReport.retired_at.is_(None))
    )


def _is_recent() -> ColumnElement[bool]:
    return EdgeUse.seen > EdgeReport.watched - IN_USE
