"""Lists a page at a time: allow-listed filters and sorting, and an opaque cursor by key (no page shifts under one)."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, Field, create_model
from sqlalchemy import ColumnElement, Select, and_, literal, or_, type_coerce
from sqlalchemy.orm import InstrumentedAttribute, Session
from sqlalchemy.types import NullType

from api.kit.schema import Strict
from api.registry.desk import store
from control.fault import Fault, Kind, Refused
from control.registry.store import unreadable
from control.registry.store.unreadable import Show

Record = TypeVar("Record")
Row = TypeVar("Row")
TIME = "time"
"""Marks a time in a cursor: PostgreSQL's driver has one, SQLite's a text."""

MAC = 16
"""Bytes at the beginning of a cursor that show that it was made here."""

Columns = Mapping[str, InstrumentedAttribute[Any]]


class PageQuery(Strict):
    """Parameters of every list; each list adds its filters, and the orders that it can be had in as ``sort``."""

    limit: int = Field(50, ge=1, le=200, description="Objects on a page.")
    cursor: str | None = Field(None, max_length=1000, description="`next` of the page before; with the same filters.")
    sort: str = "id"


class UnreadableRecord(BaseModel):
    """A row that cannot be read: of an older version, or put in by SQL."""

    id: str | int
    fault: str = Field(description="Which of its columns cannot be.")


class Page(BaseModel, Generic[Record]):
    """One page of a list."""

    items: list[Record | UnreadableRecord]
    next: str | None = Field(description="Cursor of the next page; null on the last.")


def page_of(record: type[BaseModel], name: str, document: str) -> type[BaseModel]:
    """Return a model that describes a page of such objects."""
    described: type[BaseModel] = create_model(name, __base__=Page[record], __doc__=document)  # type: ignore[valid-type]
    return described


def listed(
    session: Session, selected: Select[Row], query: PageQuery, columns: Columns, show: Show[Row], id_name: str = "id"
) -> dict[str, Any]:
    """Return a page as it is answered: rows as ``show`` shows them, and the cursor of the next.

    ``columns`` are those that may be sorted by, none of which may be null, and the id that makes the order total. The
    page is found by keys as the database has them, so that a row which cannot be read is in nobody's way.

    Raises:
        Refused: "invalid": the cursor is not one of this list's with these filters.
    """
    name, falling = query.sort.removeprefix("-"), query.sort.startswith("-")
    column, id_ = columns[name], columns[id_name]
    key, last = type_coerce(column, NullType()), type_coerce(id_, NullType())
    keys = selected.with_only_columns(key.label("sorted_by"), last.label("last_id"))
    if query.cursor is not None:
        keys = keys.where(_behind(key, last, _position(query), falling))
    order = [each.desc() if falling else each.asc() for each in ((column,) if column is id_ else (column, id_))]
    found = session.execute(keys.order_by(*order).limit(query.limit + 1)).all()
    ids = [row[1] for row in found[: query.limit]]
    next_ = _cursor(query, found[query.limit - 1]) if len(found) > query.limit else None
    return {"items": unreadable.shown(session, selected, id_, ids, show) if ids else [], "next": next_}


def each_by(show: Callable[[Row], Any]) -> Show[Row]:
    """Return what shows rows one by one."""
    return lambda rows: list(map(show, rows))


def filters(query: PageQuery, columns: Columns) -> list[ColumnElement[bool]]:
    """Return the conditions for those parameters that were given and are columns by the same name."""
    given = query.model_dump(exclude={"limit", "cursor", "sort"}, exclude_none=True)
    return [columns[name] == value for name, value in given.items() if name in columns]


def _behind(key: Any, id_: Any, position: Sequence[Any], falling: bool) -> ColumnElement[bool]:
    value, last = (literal(each, NullType()) for each in position)
    if falling:
        return or_(key < value, and_(key == value, id_ < last))
    return or_(key > value, and_(key == value, id_ > last))


def _cursor(query: PageQuery, position: Sequence[Any]) -> str:
    plain = [[TIME, value.isoformat()] if isinstance(value, datetime) else value for value in position]
    text = json.dumps([_digest(query), *plain]).encode()
    return base64.urlsafe_b64encode(store.database().keys.of_cursor(text) + text).decode().rstrip("=")


def _position(query: PageQuery) -> Sequence[Any]:
    text = query.cursor or ""
    try:
        read = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        read = b""
    made_here = hmac.compare_digest(read[:MAC], store.database().keys.of_cursor(read[MAC:]))
    if made_here:  # so it is JSON of our own making
        digest, *position = json.loads(read[MAC:])
        if digest == _digest(query):
            return [datetime.fromisoformat(each[1]) if isinstance(each, list) else each for each in position]
    fault = Fault("query, cursor", "is no cursor of this list with these filters", "begin without a cursor")
    raise Refused(Kind.INVALID, "The cursor cannot be used", [fault])


def _digest(query: PageQuery) -> str:
    """Return what ties a cursor to the filters and the order that it was made with."""
    asked = type(query).__name__ + query.model_dump_json(exclude={"limit", "cursor"})
    return hashlib.sha256(asked.encode()).hexdigest()[:16]
