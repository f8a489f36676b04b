"""Which revision the tables have: an edge may be newer than the registry that it follows."""

from sqlalchemy import text
from sqlalchemy.orm import Session

DIGESTS = "0003"
"""Brought the digest of the whole list at each serial (control/registry/store/migrations)."""

USE = "0005"
"""Brought what edges report."""

HEADS = "0009"
"""Brought the audit's signed heads."""


def now(session: Session) -> str:
    """Return the revision of the tables."""
    return str(session.scalar(text("SELECT version_num FROM alembic_version")))


def have(session: Session, revision: str) -> bool:
    """Return whether the tables have what a revision brought."""
    return now(session) >= revision
