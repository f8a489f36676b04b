"""What every service does with rows: find them for whoever may see them, hold them to a version, change them."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy.orm import Session

from control.fault import BadValueError, Fault, Kind, Refused, shown
from control.registry.access import sight
from control.registry.access.actor import Actor
from control.registry.parties.lines import read_line
from control.registry.store.model import (
    Application,
    FollowingEdge,
    Intent,
    Job,
    Person,
    Provider,
    Registrant,
    Registration,
    Token,
)
from control.registry.store.writing import Writing, portions

Row = TypeVar("Row", Application, FollowingEdge, Intent, Job, Person, Provider, Registrant, Registration, Token)


def find(session: Session, actor: Actor, model: type[Row], id_: str) -> Row:
    """Return a row that the actor may see.

    Raises:
        Refused: "not-found": there is none, or it is somebody else's, which must look the same.
    """
    return find_many(session, actor, model, [id_])[0]


def find_many(session: Session, actor: Actor, model: type[Row], ids: Sequence[str]) -> list[Row]:
    """Return rows that the actor may see, in the order of their ids.

    Raises:
        Refused: "not-found", with a fault for each that there is not.
    """
    by_id: dict[str, Row] = {}
    for portion in portions(ids):
        seen = sight.select_visible(actor, model).where(model.id.in_(portion))
        by_id |= {row.id: row for row in session.scalars(seen)}
    missing = [id_ for id_ in ids if id_ not in by_id]
    if missing:
        kind = model.__tablename__
        faults = [Fault(shown(id_), f"is no {kind}", f"ask for one of your {kind}s") for id_ in missing]
        raise Refused(Kind.NOT_FOUND, f"There is no such {kind}", faults)
    return [by_id[id_] for id_ in ids]


Versions = Mapping[str, int | None]
"""Ids, each with the version that was seen; a version of none asks for no check."""


def demand_versions(rows: Sequence[Row], versions: Versions) -> None:
    """Refuse when a row has changed since it was read.

    Raises:
        Refused: "stale", with a fault for each.
    """
    faults = [
        Fault(row.id, f"is version {row.version} by now, not {seen}", "read it again, and decide anew")
        for row in rows
        if (seen := versions[row.id]) is not None and seen != row.version
    ]
    if faults:
        raise Refused(Kind.STALE, "It was changed since you read it", faults)


def demand_name(name: str, where: str = "name") -> str:
    """Return a name without spaces around it.

    Raises:
        Refused: "invalid": it is empty, too long, or not on one line.
    """
    try:
        return read_line(name)
    except BadValueError as error:
        raise Refused(Kind.INVALID, "It lacks a name", [Fault(where, error.why, error.mend)]) from error


def enter(writing: Writing, row: Row) -> None:
    """Add a new row, and have it audited as made."""
    writing.session.add(row)
    writing.session.flush()
    writing.record(f"{row.__tablename__}.create", row.id, {}, columns(row))


Beside = tuple[Mapping[str, Any], Mapping[str, Any]]
"""What changed in other tables along with a row: before, and after."""


def change(writing: Writing, action: str, row: Row, values: Mapping[str, Any], beside: Beside | None = None) -> None:
    """Give a row new values and a new version, and have both audited; nothing happens when they are the old ones."""
    before = {name: getattr(row, name) for name, value in values.items() if getattr(row, name) != value}
    if not before and beside is None:
        return
    after = {name: values[name] for name in before}
    before["version"], after["version"] = row.version, row.version + 1
    for name, value in after.items():
        setattr(row, name, value)
    row.changed_at = writing.now
    others_before, others_after = beside or ({}, {})
    writing.record(action, row.id, {**before, **others_before}, {**after, **others_after})


def columns(row: Row) -> dict[str, Any]:
    """Return a new row's columns for the audit, without contents and what the audit's row says itself.

    A token's digest is one of them, so that nobody can put his own in its place; it is keyed, and gives no token.
    """
    hidden = ("created_at", "changed_at", "body")
    values = {column.key: getattr(row, column.key) for column in row.__table__.columns if column.key not in hidden}
    return values | {"version": 1}
