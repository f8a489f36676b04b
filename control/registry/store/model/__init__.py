"""The tables, by subject."""

from control.registry.store.model.applications import Application, ApplicationEntry
from control.registry.store.model.base import Base, Versioned
from control.registry.store.model.edges import EdgeAck, EdgeLogin, EdgeReport, EdgeUse, FollowingEdge
from control.registry.store.model.ledger import AuditHead, AuditRow, Ledger, Publication
from control.registry.store.model.people import Person, Provider, ProviderPrefix, Registrant, Token
from control.registry.store.model.registrations import Intent, IntentItem, Listing, Registration
from control.registry.store.model.work import IdempotencyKey, Job, JobRow

__all__ = [
    "Application",
    "ApplicationEntry",
    "AuditHead",
    "AuditRow",
    "Base",
    "EdgeAck",
    "EdgeLogin",
    "EdgeReport",
    "EdgeUse",
    "FollowingEdge",
    "IdempotencyKey",
    "Intent",
    "IntentItem",
    "Job",
    "JobRow",
    "Ledger",
    "Listing",
    "Person",
    "Provider",
    "ProviderPrefix",
    "Publication",
    "Registrant",
    "Registration",
    "Token",
    "Versioned",
]
