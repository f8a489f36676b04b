"""What the audit says that an object is: the fields of all its rows, laid over each other in their order.

Objects are read in the order of their ids, so that they can be held against a table without holding either in memory.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby
from operator import attrgetter
from typing import Any

from sqlalchemy import ColumnElement, collate, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from control.registry.audit.chain import plain
from control.registry.store.model import AuditRow

BATCH = 2000
"""Rows read at a time."""

GONE = "gone"
"""A field that says that the object is no more."""


TOLD = ".told"
"""How an action ends that takes an object as it stands (audit/telling.py): its times are not those of the row."""


@dataclass(slots=True)
class Told:
    """An object as the audit has it.

    Attributes:
        id: of the object.
        fields: by name, in JSON types, a long one as its digest (``chain.bounded``).
        seq: the last row that says anything of it.
    """

    id: str
    fields: dict[str, Any] = field(default_factory=dict)
    seq: int = 0

    @property
    def is_there(self) -> bool:
        """Whether it has been made, and is still."""
        return bool(self.fields) and not self.fields.get(GONE)


def in_order(session: Session, column: InstrumentedAttribute[str]) -> ColumnElement[str]:
    """Return a column in the order of its characters' codes, whatever language PostgreSQL sorts in."""
    return collate(column, "BINARY" if session.get_bind().dialect.name == "sqlite" else "C")


def objects(session: Session, prefix: str) -> Iterator[Told]:
    """Yield what the audit says of every object whose id begins with a prefix, in the order of their ids."""
    name = in_order(session, AuditRow.object)
    columns = select(AuditRow.object, AuditRow.seq, AuditRow.at, AuditRow.action, AuditRow.after).where(
        name > prefix, name < f"{prefix}~", AuditRow.outcome == "done"
    )
    rows = session.execute(columns.order_by(name, AuditRow.seq).execution_options(yield_per=BATCH))
    for id_, group in groupby(rows, attrgetter("object")):
        told = Told(id_)
        for row in group:
            _lay(told, row)
        yield told


def _lay(told: Told, row: Any) -> None:
    """Lay over an object what one row says."""
    told.seq = row.seq
    after = _read(row.after)
    if not row.action.endswith(TOLD) and ("version" in after or not told.fields):
        at = plain(row.at)
        told.fields.setdefault("created_at", at)
        told.fields["changed_at"] = at
    told.fields.update(after)


def _read(text: str) -> dict[str, Any]:
    """Return what a row has; nothing of one that is no JSON, which the chain finds."""
    try:
        fields = json.loads(text)
    except ValueError:
        return {}
    return fields if isinstance(fields, dict) else {}
