"""Applications and registrations as every door shows them; see ``store.records``."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from control.registry.access.actor import Actor
from control.registry.cases import workflow
from control.registry.space import addresses, allocations, claims, coverage
from control.registry.store.model import Application, ApplicationEntry, Registration
from control.registry.store.records import record
from control.registry.store.writing import portions

DECIDING = frozenset({"provider", "officer", "operator", "auditor"})
"""Scopes that are told whether somebody else holds what is applied for; whoever applies is told nothing of others."""

UNDECIDED = ("submitted", "confirmed")

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


def applications(session: Session, actor: Actor, rows: Sequence[Application]) -> list[dict[str, Any]]:
    """Return applications with their entries, which are read together, and the steps that are legal now.

    With them is what they cover, how much of it lies outside the provider's space, and, to who decides, whether
    somebody else holds any of it.
    """
    entries: dict[str, list[ApplicationEntry]] = {row.id: [] for row in rows}
    for portion in portions(entries):
        of_these = select(ApplicationEntry).where(ApplicationEntry.application_id.in_(portion))
        for entry in session.scalars(of_these.order_by(ApplicationEntry.application_id, ApplicationEntry.place)):
            entries[entry.application_id].append(entry)
    outside = allocations.outside(session, rows)
    known = allocations.known(session, [row.provider_id for row in rows])
    decides = bool(actor.scopes & DECIDING)
    taken = claims.taken(session, claims.wanted(session, [row.id for row in rows if row.state in UNDECIDED]))
    return [
        record(row, APPLICATION)
        | {
            "entries": [addresses.record(entry) for entry in entries[row.id]],
            "covers": _coverage(entries[row.id]),
            "outside": len(outside[row.id]) if row.provider_id in known else None,
            "held_by_others": row.id in taken if decides and row.state in UNDECIDED else None,
            "steps": list(workflow.legal("application", row.state)),
        }
        for row in rows
    ]


def _coverage(entries: Sequence[ApplicationEntry]) -> dict[str, Any]:
    covers = coverage.covered(map(addresses.prefix, entries))
    return {"addresses": covers.addresses, "networks": covers.networks, "prefixes": dict(covers.prefixes)}


def registration(row: Registration) -> dict[str, Any]:
    """Return a registration with the steps that are legal now."""
    steps = list(workflow.legal("registration", row.state))
    return record(row, REGISTRATION) | addresses.record(row) | {"steps": steps}
