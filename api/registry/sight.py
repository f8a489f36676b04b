"""Which rows of a list an actor may see: in SQL what ``control.registry.store.rows.find`` demands of a single one."""

from sqlalchemy import ColumnElement, and_, false, or_, true

from control.registry.access.actor import Actor
from control.registry.store.model import Application, Registrant, Registration

WIDE = frozenset({"officer", "operator", "auditor"})
"""Scopes that see everything."""


def applications(actor: Actor) -> ColumnElement[bool]:
    """Return which applications: one's own, or those that were put before one."""
    if actor.scopes & WIDE:
        return true()
    seen: list[ColumnElement[bool]] = [false()]
    if "registrant" in actor.scopes:
        seen.append(Application.registrant_id == actor.registrant)
    if "provider" in actor.scopes:
        seen.append(and_(Application.provider_id == actor.provider, Application.state != "draft"))
    return or_(*seen)


def registrations(actor: Actor) -> ColumnElement[bool]:
    """Return which registrations: one's own."""
    return true() if actor.scopes & WIDE else Registration.registrant_id == _registrant(actor)


def registrants(actor: Actor) -> ColumnElement[bool]:
    """Return which registrants: oneself."""
    return true() if actor.scopes & WIDE else Registrant.id == _registrant(actor)


def _registrant(actor: Actor) -> str:
    return (actor.registrant or "") if "registrant" in actor.scopes else ""
