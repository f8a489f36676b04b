"""The tables, by subject."""

from control.registry.model.applications import Application, ApplicationEntry
from control.registry.model.base import Base, Versioned
from control.registry.model.ledger import AuditRow, Ledger, Publication
from control.registry.model.people import Officer, Provider, Registrant, Token
from control.registry.model.registrations import Intent, IntentItem, Listing, Registration
from control.registry.model.work import Edge, EdgeAck, IdempotencyKey, Job, JobRow

__all__ = [
    "Application",
    "ApplicationEntry",
    "AuditRow",
    "Base",
    "Edge",
    "EdgeAck",
    "IdempotencyKey",
    "Intent",
    "IntentItem",
    "Job",
    "JobRow",
    "Ledger",
    "Listing",
    "Officer",
    "Provider",
    "Publication",
    "Registrant",
    "Registration",
    "Token",
    "Versioned",
]
