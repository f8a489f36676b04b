"""Signed heads of the audit: made by the hour and with each removal, in the transaction that they are about.

The audit has a row for each of them, so that none can be taken away unseen, and a head has the audit's last row, so
that no row can.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from control.registry.audit.chain import AuditEntry
from control.registry.store import revision
from control.registry.store.keys import Keys
from control.registry.store.model import AuditHead, Ledger
from control.witness.head import Head, SignedHead, sign

EVERY = timedelta(hours=1)
"""Time between two heads when nothing leaves the list."""

ACTION = "audit.head"
"""In the audit: that a head is made, with its number; the row is the last one that the head is about."""


def announce(session: Session) -> tuple[int, AuditEntry]:
    """Return the number of the next head, and the audit's row about it."""
    number = last_number(session) + 1
    return number, AuditEntry(ACTION, f"head {number}", {}, {"number": number})


def make(session: Session, ledger: Ledger, keys: Keys, at: datetime, number: int, digest: bytes | None) -> SignedHead:
    """Sign what the ledger says, once the audit's rows are written, and keep it; ``digest`` is of the live list."""
    head = Head(
        number=number,
        at=at,
        seq=ledger.audit_seq,
        hash=ledger.audit_hash.hex(),
        tables=revision.now(session),
        epoch=ledger.epoch.hex(),
        serial=ledger.serial,
        count=ledger.count,
        digest=(digest or b"").hex(),
    )
    signed = sign(keys.heads, head)
    session.execute(insert(AuditHead), [{"number": number, "at": at, "line": signed.line}])
    return signed


def last_number(session: Session) -> int:
    """Return the number of the last head, 0 before the first."""
    return session.scalar(select(func.max(AuditHead.number))) or 0


def is_due(session: Session, now: datetime) -> bool:
    """Return whether the last head is an hour old, or of a time that is not yet: a clock was ahead."""
    last = session.scalar(select(AuditHead.at).order_by(AuditHead.number.desc()).limit(1))
    return last is None or not timedelta(0) <= now - last < EVERY


def lines(session: Session, after: int, limit: int) -> Sequence[str]:
    """Return heads behind a number as lines of JSON, in their order."""
    behind = select(AuditHead.line).where(AuditHead.number > after).order_by(AuditHead.number)
    return session.scalars(behind.limit(limit)).all()


def last_line(session: Session) -> str | None:
    """Return the last head as a line of JSON; none before the first."""
    return session.scalar(select(AuditHead.line).order_by(AuditHead.number.desc()).limit(1))
