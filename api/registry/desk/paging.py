"""Lists a page at a time: allow-listed filters and sorting, and an opaque cursor by key (no page shifts under one)."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, Field, create_model
from sqlalchemy import ColumnElement, Select, and_, or_
from sqlalchemy.orm import InstrumentedAttribute, Session

from api.kit.schema import Strict
from api.registry.desk import store
from control.fault import Fault, Kind, Refused
from control.registry.store.model.base import Moment

Record = TypeVar("Record")
Row = TypeVar("Row")
MAC = 16
"""Bytes at the beginning of a cursor that show that it was made here."""

Columns = Mapping[str, InstrumentedAttribute[Any]]


class PageQuery(Strict):
    """Parameters of every list; each list adds its filters, and the orders that it can be had in as ``sort``."""

    limit: int = Field(50, ge=1, le=200, description="Objects on a page.")
    cursor: str | None = Field(None, max_length=1000, description="`next` of the page before; with the same filters.")
    sort: str = "id"


class Page(BaseModel, Generic[Record]):
    """One page of a list."""

    items: list[Record]
    next: str | None = Field(description="Cursor of the next page; null on the last.")


def page_of(record: type[BaseModel], name: str, document: str) -> type[BaseModel]:
    """Return a model that describes a page of such objects."""
    described: type[BaseModel] = create_model(name, __base__=Page[record], __doc__=document)  # type: ignore[valid-type]
    return described


def page(
    session: Session, selected: Select[Row], query: PageQuery, columns: Columns, id_name: str = "id"
) -> tuple[list[Row], str | None]:
    """Return the rows of a page and the cursor of the next.

    ``columns`` are those that may be sorted by, none of which may be null, and the id that makes the order total.

    Raises:
        Refused: "invalid": the cursor is not one of this list's with these filters.
    """
    name, falling = query.sort.removeprefix("-"), query.sort.startswith("-")
    column, id_ = columns[name], columns[id_name]
    if query.cursor is not None:
        selected = selected.where(_behind(column, id_, _position(query, column), falling))
    order = [each.desc() if falling else each.asc() for each in dict.fromkeys((column, id_))]
    rows = list(session.scalars(selected.order_by(*order).limit(query.limit + 1)))
    if len(rows) <= query.limit:
        return rows, None
    last = rows[query.limit - 1]
    return rows[: query.limit], _cursor(query, [getattr(last, name), getattr(last, id_name)])


def filters(query: PageQuery, columns: Columns) -> list[ColumnElement[bool]]:
    """Return the conditions for those parameters that were given and are columns by the same name."""
    given = query.model_dump(exclude={"limit", "cursor", "sort"}, exclude_none=True)
    return [columns[name] == value for name, value in given.items() if name in columns]


def _behind(
    column: InstrumentedAttribute[Any], id_: InstrumentedAttribute[Any], position: Sequence[Any], falling: bool
) -> ColumnElement[bool]:
    value, last = position
    if falling:
        return or_(column < value, and_(column == value, id_ < last))
    return or_(column > value, and_(column == value, id_ > last))


def _cursor(query: PageQuery, position: Sequence[Any]) -> str:
    plain = [value.isoformat() if isinstance(value, datetime) else value for value in position]
    text = json.dumps([_digest(query), *plain]).encode()
    return base64.urlsafe_b64encode(store.database().keys.of_cursor(text) + text).decode().rstrip("=")


def _position(query: PageQuery, column: InstrumentedAttribute[Any]) -> Sequence[Any]:
    text = query.cursor or ""
    try:
        read = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        read = b""
    made_here = hmac.compare_digest(read[:MAC], store.database().keys.of_cursor(read[MAC:]))
    if made_here:  # so it is JSON of our own making
        digest, value, last = json.loads(read[MAC:])
        if digest == _digest(query):
            return [datetime.fromisoformat(value) if isinstance(column.type, Moment) else value, last]
    fault = Fault("query, cursor", "is no cursor of this list with these filters", "begin without a cursor")
    raise Refused(Kind.INVALID, "The cursor cannot be used", [fault])


def _digest(query: PageQuery) -> str:
    """Return what ties a cursor to the filters and the order that it was made with."""
    asked = type(query).__name__ + query.model_dump_json(exclude={"limit", "cursor"})
    return hashlib.sha256(asked.encode()).hexdigest()[:16]
