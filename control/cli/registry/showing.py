"""How the registry's commands show rows."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

import click
from sqlalchemy import Select
from sqlalchemy.orm import Session

from control.cli.output import print_json, print_table
from control.fault import Fault, Kind, Refused
from control.registry.store import unreadable
from control.registry.store.model import Base
from control.registry.store.writing import portions

HIDDEN = frozenset({"digest", "body", "first", "length", "waits_boot", "waits_since"})
"""Columns that are not for people: what is secret, large, or said better by another one."""

Records = Callable[[Session, Sequence[Any]], list[dict[str, Any]]]
"""What gives rows as they are shown; those of the domain are what the API answers."""

WHOLE = 100_000
"""Rows that a list has at most."""

limit_option = click.option("--limit", type=click.IntRange(1, WHOLE), default=100, show_default=True)
after_option = click.option("--after", default="", metavar="ID", help="Go on behind this one.")


def demand_which(ids: Sequence[str], everything: bool) -> None:
    """Refuse a step in bulk that is for ids and for all, or for neither.

    Raises:
        Refused: "invalid".
    """
    if everything == bool(ids):
        raise Refused(Kind.INVALID, "It is not clear which", [Fault("ids", "or --all", "give one of the two")])


def record(row: Base) -> dict[str, Any]:
    """Return a row's columns in JSON types."""
    names = [column.key for column in row.__table__.columns if column.key not in HIDDEN]
    return {name: plain(getattr(row, name)) for name in names}


def plain(value: Any) -> Any:
    """Return a value as JSON has it."""
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    return value.hex() if isinstance(value, bytes) else value


def show_row(row: Base, as_json: bool, **more: Any) -> None:
    """Show one row, field by field."""
    show_fields(str(row.__tablename__), record(row) | more, as_json)


def show_fields(title: str, fields: Mapping[str, Any], as_json: bool) -> None:
    """Show fields, one a line."""
    if as_json:
        print_json(fields)
    else:
        print_table(title, ("", ""), [(name, _short(value)) for name, value in fields.items()])


def show_rows(title: str, columns: Sequence[str], rows: Sequence[Mapping[str, Any]], as_json: bool) -> None:
    """Show rows: all of each in JSON, some columns in a table."""
    if as_json:
        print_json(rows)
    else:
        print_table(title, columns, [[_short(row.get(name)) for name in columns] for row in rows])


def each_by(show: Callable[[Any], dict[str, Any]]) -> Records:
    """Return what shows rows one by one."""
    return lambda _, rows: [show(row) for row in rows]


def page(
    session: Session, query: Select[Any], after: str = "", limit: int = WHOLE, records: Records | None = None
) -> list[dict[str, Any]]:
    """Return a page of the rows of one table in the order of their ids, which is that of their making.

    They are shown as ``records`` shows them.
    """
    id_ = query.column_descriptions[0]["entity"].id
    ids = session.scalars(query.with_only_columns(id_).where(id_ > after).order_by(id_).limit(limit)).all()
    show = partial(records or each_by(record), session)
    return [row for batch in portions(ids) for row in unreadable.shown(session, query, id_, batch, show)]


def _short(value: Any) -> Any:
    """Return a value as a cell of a table; what a terminal would obey is shown as its code."""
    if isinstance(value, list | tuple):
        return ", ".join(str(_short(part)) for part in value)
    if isinstance(value, dict):
        said = {name: part for name, part in value.items() if part not in (None, "", [])}
        return ", ".join(f"{name} {_short(part)}" for name, part in said.items())
    if isinstance(value, str) and not value.isprintable():
        return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in value)
    return value
