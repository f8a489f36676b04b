"""Where the tables differ from what the audit tells of them, object by object."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from control.registry.audit import replay, stored
from control.registry.audit.replay import GONE, Told
from control.registry.audit.stored import Stored, Table

TAKEN_UP = ("queued", "running")
"""A job as it was ordered, and as it is done: that a worker has taken it up is no row."""

WHILE_DONE = ("state", "result")
"""What of such a job is in no row before its end."""


@dataclass(frozen=True, slots=True)
class Discrepancy:
    """One object that is not as the audit says.

    Attributes:
        table: name of its table.
        id: of the object.
        seq: the last row about it; 0: there is none.
        told, held: the fields that differ, as the audit has them and as the tables do; none of what is not there.
        unreadable: the columns that cannot be read.
    """

    table: str
    id: str
    seq: int
    told: dict[str, Any] | None
    held: dict[str, Any] | None
    unreadable: tuple[str, ...] = ()


def find(session: Session) -> Iterator[Discrepancy]:
    """Yield every object that differs, table by table."""
    for table in stored.TABLES:
        for prefix in table.prefixes:
            yield from _of_kind(session, table, prefix)
        for id_ in stored.strangers(session, table):
            yield Discrepancy(table.model.__tablename__, id_, 0, None, {})


def _of_kind(session: Session, table: Table, prefix: str) -> Iterator[Discrepancy]:
    """Go through both in the order of their ids, as one merges two sorted lists."""
    name = table.model.__tablename__
    tells = replay.objects(session, prefix)
    told = next(tells, None)
    for held in stored.objects(session, table, prefix):
        while told is not None and told.id < held.id:
            if told.is_there:
                yield Discrepancy(name, told.id, told.seq, told.fields, None)
            told = next(tells, None)
        if told is not None and told.id == held.id and told.is_there:
            yield from _compared(table, told, held)
            told = next(tells, None)
            continue
        yield Discrepancy(name, held.id, 0, None, held.fields, tuple(held.unreadable))
    while told is not None:
        if told.is_there:
            yield Discrepancy(name, told.id, told.seq, told.fields, None)
        told = next(tells, None)


def _compared(table: Table, told: Told, held: Stored) -> Iterator[Discrepancy]:
    name = table.model.__tablename__
    if held.unreadable:
        yield Discrepancy(name, held.id, told.seq, told.fields, None, tuple(held.unreadable))
        return
    fields = told.fields
    untold = WHILE_DONE if (fields.get("state"), held.fields.get("state")) == TAKEN_UP else ()
    odd = {
        key: value
        for key, value in held.fields.items()
        if key not in untold and not _is_told(key, fields.get(key), value)
    }
    if odd:
        yield Discrepancy(name, held.id, told.seq, {key: fields.get(key) for key in odd}, odd)


def _is_told(key: str, told: object, held: object) -> bool:
    """Return whether a field is as the audit has it; a policy's intent has no registrations, and none are told of."""
    return told == held or (key == "registrations" and told is None and held == [])


def fields_told(difference: Discrepancy) -> dict[str, Any]:
    """Return what the audit is to be told of an object, where the tables are taken as they are."""
    return {GONE: True} if difference.held is None else {**difference.held, GONE: False}
