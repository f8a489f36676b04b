"""Rows that cannot be read: of an older version, or put in by SQL. Each is shown with its fault, as are its neighbours.

A row is read with all others of its page, as fast as that goes; when that fails, one by one, so that only what cannot
be read is not.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from pydantic_core import to_jsonable_python
from sqlalchemy import JSON, Column, Float, Integer, LargeBinary, Select, String, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import InstrumentedAttribute, Session

from control.fault import Fault, Kind, Refused
from control.registry.store.model import (
    Application,
    Base,
    FollowingEdge,
    Intent,
    Job,
    Person,
    Provider,
    Registrant,
    Registration,
    Token,
)

Row = TypeVar("Row")
Show = Callable[[Sequence[Row]], Sequence[Any]]
"""Returns rows as they are shown: mappings, or models."""

ODD = (ValueError, TypeError, KeyError, AttributeError, OverflowError, SQLAlchemyError)
"""What reading a row raises that was put in by SQL: SQLite takes any value in any column."""

MEND = "see what the audit has of it, and mend the row in the database"

TABLES: Mapping[str, type[Base]] = {
    "reg": Registrant,
    "app": Application,
    "rgn": Registration,
    "prv": Provider,
    "per": Person,
    "off": Person,
    "tok": Token,
    "int": Intent,
    "job": Job,
    "edg": FollowingEdge,
}
"""By what an id begins with."""


def shown(
    session: Session, selected: Select[Row], id_: InstrumentedAttribute[Any], ids: Sequence[Any], show: Show[Row]
) -> list[dict[str, Any]]:
    """Return rows in JSON types, in the order of their ids; one that cannot be read as its id and its fault."""
    try:
        rows = {_id(row, id_): row for row in session.scalars(selected.where(id_.in_(ids)))}
        return _plain(show([rows[one] for one in ids if one in rows]))
    except Refused:
        raise
    except Exception:  # whatever it is, it is one row's: found below
        session.rollback()
    return [item for one in ids for item in _alone(session, selected, id_, one, show)]


def demand_readable(session: Session, id_: str) -> None:
    """Refuse a row that cannot be read, with which columns; nothing happens where it can be.

    Raises:
        Refused: "conflict".
    """
    table = TABLES.get(id_.partition("_")[0])
    if table is None:
        return
    session.rollback()
    names = columns(session, table.id, id_)  # type: ignore[attr-defined]
    names = names or [str(column.name) for column in table.__table__.columns if isinstance(column.type, JSON)]
    if names:
        fault = Fault(id_, f"{', '.join(names)} cannot be read", MEND)
        raise Refused(Kind.CONFLICT, "The row cannot be read", [fault])


def columns(session: Session, id_: InstrumentedAttribute[Any], one: Any) -> list[str]:
    """Return which columns of a row cannot be read."""
    names = []
    for column in id_.class_.__table__.columns:
        try:
            with session.begin_nested():  # so that whatever else is being read goes on
                value = session.scalar(select(column).where(id_ == one))
        except ODD:
            names.append(str(column.name))
        else:
            if _is_odd(column, value):
                names.append(str(column.name))
    return names


def _is_odd(column: Column[Any], value: object) -> bool:
    """Return whether a value is not of its column's kind: SQLite takes any in any column."""
    kinds: tuple[tuple[type[Any], tuple[type[Any], ...]], ...] = (
        (String, (str,)),
        (Integer, (int,)),
        (LargeBinary, (bytes,)),
        (Float, (float, int)),
    )
    if value is None:
        return not column.nullable
    return any(isinstance(column.type, kind) and not isinstance(value, types) for kind, types in kinds)


def _alone(
    session: Session, selected: Select[Row], id_: InstrumentedAttribute[Any], one: Any, show: Show[Row]
) -> list[dict[str, Any]]:
    try:
        return _plain(show(list(session.scalars(selected.where(id_ == one)))))
    except Refused:
        raise
    except Exception:
        session.rollback()
        names = columns(session, id_, one)
        return [{"id": one, "fault": f"{', '.join(names) or 'its record'} cannot be read: {MEND}"}]


def _id(row: Any, id_: InstrumentedAttribute[Any]) -> Any:
    return getattr(row, id_.key)


def _plain(items: Sequence[Any]) -> list[dict[str, Any]]:
    return [to_jsonable_python(item) for item in items]  # whatever it holds: a byte that is no text is unreadable, too
