"""Applications and registrations as every door shows them; see ``store.records``."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from control.registry.cases import workflow
from control.registry.space import addresses
from control.registry.store.model import Application, ApplicationEntry, Registration
from control.registry.store.records import record
from control.registry.store.writing import portions

APPLICATION = (
    "registrant_id",
    "provider_id",
    "category",
    "documents",
    "state",
    "reason",
    "submitted_at",
    "confirmed_at",
    "decided_at",
)
REGISTRATION = (
    "application_id",
    "registrant_id",
    "category",
    "valid_from",
    "valid_until",
    "state",
    "reason",
    "live_serial",
)


def applications(session: Session, rows: Sequence[Application]) -> list[dict[str, Any]]:
    """Return applications with their entries, which are read together, and the steps that are legal now."""
    entries: dict[str, list[dict[str, Any]]] = {row.id: [] for row in rows}
    for portion in portions(entries):
        of_these = select(ApplicationEntry).where(ApplicationEntry.application_id.in_(portion))
        for entry in session.scalars(of_these.order_by(ApplicationEntry.application_id, ApplicationEntry.place)):
            entries[entry.application_id].append(addresses.record(entry))
    return [
        record(row, APPLICATION) | {"entries": entries[row.id], "steps": list(workflow.legal("application", row.state))}
        for row in rows
    ]


def registration(row: Registration) -> dict[str, Any]:
    """Return a registration with the steps that are legal now."""
    steps = list(workflow.legal("registration", row.state))
    return record(row, REGISTRATION) | addresses.record(row) | {"steps": steps}
