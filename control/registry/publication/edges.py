"""What each edge has: which serial of the live list was in its kernel from when on, and so what it let through."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic_core import to_jsonable_python
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from control.allowlist.entry import Prefix
from control.fault import Fault, Kind, Refused, shown
from control.registry.access import scopes
from control.registry.publication import serials
from control.registry.store import revision, rows
from control.registry.store.ids import new_id
from control.registry.store.model import EdgeAck, EdgeLogin, EdgeReport, FollowingEdge, Listing
from control.registry.store.records import record
from control.registry.store.writing import Writing, portions

LONGEST_LOGIN = 63
"""Bytes of a name, of which PostgreSQL cuts off the rest (NAMEDATALEN)."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What an edge had of a prefix at a time.

    Attributes:
        serial: the one that was in its kernel; none when it had none yet.
        since: from when on it had that serial.
        listings: what on the live list of that serial covers the prefix, the widest first; none: the registry did not
            have it let through. What an operator adds at an edge itself is not known here.
    """

    serial: int | None
    since: datetime | None
    listings: Sequence[Listing]


def acknowledge(writing: Writing, name: str, epoch: str, applied: Sequence[tuple[int, datetime]]) -> None:
    """Note from when on serials are applied at the edge ``name``; what was noted of a serial before stands.

    Raises:
        Refused: "invalid": the name; "gone": the serials are of another epoch, or were never given.
    """
    writing.set_action("edge.acknowledge")
    now = serials.head(writing.session)
    wrong = [serial for serial, _ in applied if not 0 <= serial <= now.serial]
    if epoch != now.epoch or wrong:
        fault = Fault("serial", f"{epoch}:{wrong or applied} is not of this list", "start anew from a snapshot")
        raise Refused(Kind.GONE, "These serials were never given", [fault])
    edge = entered(writing, name)
    _welcome_back(writing.session, edge)
    news = dict(reversed(applied))
    for portion in portions(news):
        known = select(EdgeAck.serial).where(EdgeAck.edge_id == edge, EdgeAck.serial.in_(portion))
        new = set(portion) - set(writing.session.scalars(known))
        writing.session.add_all(EdgeAck(edge_id=edge, serial=serial, at=news[serial]) for serial in sorted(new))


def applied_from(session: Session, serial: int) -> dict[str, datetime]:
    """Return from when on each edge had applied what a serial did, by its name; without the edges that have not.

    An edge that started anew from a later serial had it from then on.
    """
    behind = select(EdgeAck.at).where(EdgeAck.edge_id == FollowingEdge.id, EdgeAck.serial >= serial)
    first = (
        behind.order_by(EdgeAck.serial).limit(1).scalar_subquery()
    )  # one look-up in the primary key, however long the edge has followed
    times = session.execute(select(FollowingEdge.name, first).order_by(FollowingEdge.name))
    return {name: at for name, at in times if at is not None}


def standing(session: Session, name: str, prefix: Prefix, at: datetime) -> Standing:
    """Return whether the edge ``name`` had a prefix let through at a time.

    Raises:
        Refused: "not-found": no edge of that name was ever heard of.
    """
    edge = session.scalar(select(FollowingEdge.id).where(FollowingEdge.name == name))
    if edge is None:
        raise Refused(
            Kind.NOT_FOUND,
            "There is no such edge",
            [Fault("edge", f"{name} is not known", "see `wicket registry edges list`")],
        )
    acks = select(EdgeAck.serial, EdgeAck.at).where(EdgeAck.edge_id == edge, EdgeAck.at <= at)
    last = session.execute(acks.order_by(EdgeAck.serial.desc()).limit(1)).one_or_none()
    if last is None:
        return Standing(None, None, ())
    return Standing(last.serial, last.at, serials.covering(session, prefix, last.serial))


def reports(session: Session) -> list[tuple[str, EdgeReport | None]]:
    """Return every edge by its name, with what it last reported; none: nothing yet."""
    of_each = select(FollowingEdge.name, EdgeReport).outerjoin(EdgeReport, EdgeReport.edge_id == FollowingEdge.id)
    return [(name, report) for name, report in session.execute(of_each.order_by(FollowingEdge.name))]


def records(session: Session, edges: Sequence[FollowingEdge]) -> list[dict[str, Any]]:
    """Return edges as every door shows them; see ``store.records``."""
    ids = [edge.id for edge in edges]
    reported = {
        report.edge_id: report for report in session.scalars(select(EdgeReport).where(EdgeReport.edge_id.in_(ids)))
    }
    last = select(EdgeAck.edge_id, func.max(EdgeAck.serial).label("serial")).where(EdgeAck.edge_id.in_(ids))
    had = last.group_by(EdgeAck.edge_id).subquery()
    newest = select(EdgeAck).join(had, (had.c.edge_id == EdgeAck.edge_id) & (had.c.serial == EdgeAck.serial))
    acks = {ack.edge_id: ack for ack in session.scalars(newest)}
    bound = select(EdgeLogin.edge_id, EdgeLogin.login).where(EdgeLogin.edge_id.in_(ids))
    logins: dict[str, str] = dict(session.execute(bound).all())
    return [
        record(edge, ("name",)) | {"login": logins.get(edge.id)} | _standing(acks.get(edge.id), reported.get(edge.id))
        for edge in edges
    ]


def _standing(ack: EdgeAck | None, report: EdgeReport | None) -> dict[str, Any]:
    """Return what an edge has said; what it has not is null."""
    said = {
        "serial": ack.serial if ack else None,
        "serial_at": ack.at if ack else None,
        "entries": report.entries if report else None,
        "held": report.held if report else None,
        "reported_at": report.at if report else None,
        "watched_hours": round(report.watched / 3600, 1) if report else None,
        "ahead_s": round(report.ahead, 3) if report else None,
        "retired_at": report.retired_at if report else None,
    }
    return {name: to_jsonable_python(value) for name, value in said.items()}


def retire(writing: Writing, id_: str, version: int | None = None) -> FollowingEdge:
    """Say that an edge is no more, so that nothing waits for its reports; one that is heard from again is back.

    Raises:
        Refused: "not-found".
    """
    writing.set_action("edge.retire", id_)
    scopes.demand(writing.actor, "edge.retire")
    edge = rows.find(writing.session, writing.actor, FollowingEdge, id_)
    rows.demand_versions([edge], {id_: version})
    report = writing.session.get(EdgeReport, id_)
    report = report or EdgeReport(edge_id=id_, at=writing.now, watched=0.0, entries=0, held=None, ahead=0.0)
    report.retired_at = writing.now
    writing.session.add(report)
    rows.change(writing, "edge.retire", edge, {}, ({}, {"retired_at": to_jsonable_python(writing.now)}))
    return edge


def create(writing: Writing, name: str, login: str | None = None) -> FollowingEdge:
    """Enter an edge, so that it can report by the login of a follower: by ``login`` alone, where one is given.

    Raises:
        Refused: "forbidden"; "invalid": the name, or the login's; "conflict": there is an edge of that name.
    """
    writing.set_action("edge.create")
    scopes.demand(writing.actor, "edge.create")
    name = rows.demand_name(name)
    if there := writing.session.scalar(select(FollowingEdge.id).where(FollowingEdge.name == name)):
        fault = Fault("name", f"{shown(name)} is the edge {there}", "bind that one: `wicket registry edges bind ID`")
        raise Refused(Kind.CONFLICT, "There is such an edge", [fault])
    edge = FollowingEdge(id=new_id("edg"), name=name, created_at=writing.now, changed_at=writing.now)
    rows.enter(writing, edge)
    return bind(writing, edge.id, login) if login is not None else edge


def bind(writing: Writing, id_: str, login: str | None) -> FollowingEdge:
    """Say by which login of PostgreSQL alone an edge speaks; none: by any follower's.

    Raises:
        Refused: "forbidden"; "not-found"; "invalid": that is no name of a login.
    """
    writing.set_action("edge.bind", id_)
    scopes.demand(writing.actor, "edge.bind")
    edge = rows.find(writing.session, writing.actor, FollowingEdge, id_)
    if login is not None and (not login.isprintable() or not 0 < len(login.encode()) <= LONGEST_LOGIN):
        mend = f"write the name of a login of PostgreSQL, of at most {LONGEST_LOGIN} bytes"
        raise Refused(Kind.INVALID, "There is no such login", [Fault("login", f"{shown(login)} is no name", mend)])
    held = writing.session.get(EdgeLogin, id_)
    before = held.login if held else None
    if before == login:
        return edge
    if held and login is None:
        writing.session.delete(held)
    elif held and login is not None:
        held.login = login
    else:
        writing.session.add(EdgeLogin(edge_id=id_, login=login))
    rows.change(writing, "edge.bind", edge, {}, ({"login": before}, {"login": login}))
    return edge


def _welcome_back(session: Session, edge: str) -> None:
    """Note that an edge is heard from; nothing in tables that are not upgraded yet."""
    if revision.have(session, revision.USE):
        retired = update(EdgeReport).where(EdgeReport.edge_id == edge, EdgeReport.retired_at.is_not(None))
        session.execute(retired.values(retired_at=None))


def entered(writing: Writing, name: str) -> str:
    """Return the id of the edge of that name, which is entered when it is first heard of."""
    name = rows.demand_name(name)
    known = writing.session.scalar(select(FollowingEdge.id).where(FollowingEdge.name == name))
    if known:
        return known
    edge = FollowingEdge(id=new_id("edg"), name=name, created_at=writing.now, changed_at=writing.now)
    rows.enter(writing, edge)
    return edge.id
