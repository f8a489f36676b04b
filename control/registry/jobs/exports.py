"""Export: applications and registrations as CSV or NDJSON, as they are in one read transaction.

An application is a row in the columns in which ``intake`` takes one; when its addresses are on different terms it
is a row for each terms. A registration is a row of its own.
"""

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from control.allowlist import csv_text, formats
from control.fault import Fault, Kind, Refused, shown
from control.registry.access import scopes, sight
from control.registry.access.actor import Actor
from control.registry.cases.applications import DocumentText
from control.registry.intake import text as intake_text
from control.registry.parties import registrants
from control.registry.progress import Progress, no_progress
from control.registry.space import addresses
from control.registry.store.model import Application, ApplicationEntry, Provider, Registrant, Registration

SUBJECTS = {"applications": "application.read", "registrations": "registration.read"}
"""What can be exported, and the action that an actor needs for it beside the export's own."""

MEDIA_TYPES = (formats.CSV, formats.NDJSON)

APPLICATION_COLUMNS = (
    "id",
    "state",
    *intake_text.COLUMNS,
    "submitted_at",
    "confirmed_at",
    "decided_at",
    "reason",
)
REGISTRATION_COLUMNS = (
    "id",
    "state",
    "registrant",
    "name",
    "category",
    "prefix",
    "protocols",
    "ports",
    "valid_from",
    "valid_until",
    "live_serial",
    "application",
    "reason",
)

BATCH = 2000
"""Rows read and written at a time."""

Row = Mapping[str, Any]


def chunks(
    session: Session, actor: Actor, subject: str, media_type: str = formats.CSV, progress: Progress = no_progress
) -> Iterator[bytes]:
    """Yield what the actor may see of a subject ("applications" or "registrations"), many rows at a time.

    Raises:
        Refused: "invalid": no such subject; "unsupported-media-type".
    """
    demand_allowed(actor, subject, media_type)
    columns: Sequence[str]
    table: type[Application] | type[Registration]
    if subject == "applications":
        columns, rows, table = APPLICATION_COLUMNS, _applications, Application
    else:
        columns, rows, table = REGISTRATION_COLUMNS, _registrations, Registration
    total = session.scalar(select(func.count()).select_from(table).where(sight.visible(actor, table))) or 0
    return _written(columns, rows(session, actor), media_type, total, progress)


def demand_allowed(actor: Actor, subject: str, media_type: str) -> None:
    """Refuse an export that there is not, and one of what the actor may not list either.

    Raises:
        Refused: "invalid": no such subject; "unsupported-media-type".
    """
    scopes.demand(actor, "export.order")
    if subject not in SUBJECTS:
        fault = Fault("of", f"{shown(subject)} cannot be exported", f"write {' or '.join(SUBJECTS)}")
        raise Refused(Kind.INVALID, "There is no such export", [fault])
    if media_type not in MEDIA_TYPES:
        fault = Fault("media_type", f"{shown(media_type)} is no format of it", f"write {' or '.join(MEDIA_TYPES)}")
        raise Refused(Kind.UNSUPPORTED_MEDIA_TYPE, "The export has no such format", [fault])
    scopes.demand(actor, SUBJECTS[subject])


def _written(
    columns: Sequence[str], batches: Iterator[tuple[int, list[Row]]], media_type: str, total: int, progress: Progress
) -> Iterator[bytes]:
    write: Callable[[Sequence[str], Sequence[Row]], str] = _csv if media_type == formats.CSV else _ndjson
    if media_type == formats.CSV:
        yield f"{','.join(columns)}\n".encode()
    done = 0
    for count, rows in batches:
        yield write(columns, rows).encode(errors="backslashreplace")
        done += count
        progress(done, total)


def _csv(columns: Sequence[str], rows: Sequence[Row]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows([_cell(row.get(name)) for name in columns] for row in rows)
    return text.getvalue()


def _cell(value: object) -> object:
    if isinstance(value, list):
        return ";".join(str(_cell(each)) for each in value)
    if isinstance(value, dict):
        return "=".join(str(value.get(name, "")) for name in DocumentText.model_fields)
    if isinstance(value, str):
        return csv_text.quoted(value)
    return value.isoformat() if isinstance(value, datetime) else value


def _ndjson(columns: Sequence[str], rows: Sequence[Row]) -> str:
    return "".join(json.dumps(row, default=datetime.isoformat, ensure_ascii=False) + "\n" for row in rows)


def _registrations(session: Session, actor: Actor) -> Iterator[tuple[int, list[Row]]]:
    registrations = select(Registration, Registrant).join(Registrant, Registrant.id == Registration.registrant_id)
    for batch in _partitions(session, registrations.where(sight.visible(actor, Registration)), Registration.id):
        yield len(batch), [_registration(*row) for row in batch]


def _registration(registration: Registration, registrant: Registrant) -> Row:
    same = ("id", "state", "category", "valid_from", "valid_until", "live_serial", "reason")
    return {
        **{name: getattr(registration, name) for name in same},
        "registrant": registrant.reference or registrant.id,
        "name": registrant.name,
        "application": registration.application_id,
        **addresses.record(registration),
    }


def _applications(session: Session, actor: Actor) -> Iterator[tuple[int, list[Row]]]:
    applications = (
        select(Application, Registrant, Provider.name, sight.visible(actor, Registrant))
        .join(Registrant, Registrant.id == Application.registrant_id)
        .outerjoin(Provider, Provider.id == Application.provider_id)
    )
    for batch in _partitions(session, applications.where(sight.visible(actor, Application)), Application.id):
        entries = _entries(session, [application.id for application, *_ in batch])
        yield (
            len(batch),
            [
                row
                for application, registrant, provider, reachable in batch
                for row in _application(application, registrant, provider, reachable, entries.get(application.id, []))
            ],
        )


def _entries(session: Session, ids: Sequence[str]) -> dict[str, list[ApplicationEntry]]:
    entry = ApplicationEntry
    order = (entry.application_id, entry.protocols, entry.ports, entry.place)
    rows = session.scalars(select(entry).where(entry.application_id.in_(ids)).order_by(*order))
    return {id_: list(entries) for id_, entries in groupby(rows, lambda row: row.application_id)}


def _application(
    application: Application,
    registrant: Registrant,
    provider: str | None,
    reachable: bool,
    entries: Sequence[ApplicationEntry],
) -> Iterator[Row]:
    """Yield an application's rows; whom to reach is only for who may see the registrant itself."""
    same = ("id", "state", "category", "documents", "submitted_at", "confirmed_at", "decided_at", "reason")
    row = {
        **{name: getattr(application, name) for name in same},
        "registrant": registrant.reference or registrant.id,
        **registrants.columns_of(registrant, reachable),
        "provider": provider,
    }
    if not entries:
        yield row
    for _, alike in groupby(entries, lambda entry: (entry.protocols, entry.ports)):
        listed = [addresses.record(entry) for entry in alike]
        terms = {name: listed[0][name] for name in ("protocols", "ports")}
        yield {**row, "prefixes": [entry["prefix"] for entry in listed], **terms}


def _partitions(
    session: Session, query: Select[*tuple[Any, ...]], id_: InstrumentedAttribute[str]
) -> Iterator[Sequence[Any]]:
    """Yield rows by the thousand, in the order of their ids, without holding them all.

    Each batch is a query of its own behind the last one, so that it can be let go of before the next.
    """
    after = ""
    while batch := session.execute(query.where(id_ > after).order_by(id_).limit(BATCH)).all():
        after = batch[-1][0].id
        yield batch
        session.expunge_all()
