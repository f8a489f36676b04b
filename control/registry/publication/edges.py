"""What each edge has: which serial of the live list was in its kernel from when on, and so what it let through."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from control.allowlist.entry import Prefix
from control.fault import Fault, Kind, Refused
from control.registry.publication import serials
from control.registry.store import rows
from control.registry.store.ids import new_id
from control.registry.store.model import EdgeAck, FollowingEdge, Listing
from control.registry.store.writing import Writing, portions


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
    edge = _edge(writing, name)
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
        raise Refused(Kind.NOT_FOUND, "There is no such edge", [Fault("edge", f"{name} is not known", "see the edges")])
    acks = select(EdgeAck.serial, EdgeAck.at).where(EdgeAck.edge_id == edge, EdgeAck.at <= at)
    last = session.execute(acks.order_by(EdgeAck.serial.desc()).limit(1)).one_or_none()
    if last is None:
        return Standing(None, None, ())
    return Standing(last.serial, last.at, serials.covering(session, prefix, last.serial))


def _edge(writing: Writing, name: str) -> str:
    """Return the id of the edge of that name, which is entered when it is first heard of."""
    name = rows.demand_name(name)
    known = writing.session.scalar(select(FollowingEdge.id).where(FollowingEdge.name == name))
    if known:
        return known
    edge = FollowingEdge(id=new_id("edg"), name=name, created_at=writing.now, changed_at=writing.now)
    rows.enter(writing, edge)
    return edge.id
