"""The ledger that orders every change, the serials given, the audit's rows and its signed heads."""

from datetime import datetime

from sqlalchemy import BigInteger, Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from control.registry.store.model.base import Base


class Ledger(Base):
    """The one row that a writer holds: where serials and audit have got to.

    Attributes:
        epoch: 16 random bytes; to which line of serials the serial belongs.
        serial: the last one given.
        count: entries on the live list.
        audit_seq, audit_hash: the audit's last row; 32 zero bytes before the first.
        secret: the key, of a registry that an earlier version made, until ``Database.upgrade`` takes it out;
            whoever only writes does not read it, and need not be able to.
        key_name: of the key (store/keys.py), which is not here.
        told: the revision of the tables, once the audit was told what they held then (audit/telling.py).
    """

    __tablename__ = "ledger"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    epoch: Mapped[bytes] = mapped_column(LargeBinary(16))
    serial: Mapped[int]
    count: Mapped[int]
    audit_seq: Mapped[int] = mapped_column(BigInteger)
    audit_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    secret: Mapped[bytes | None] = mapped_column(LargeBinary(32), deferred=True)
    key_name: Mapped[str | None] = mapped_column(String(16))
    told: Mapped[str] = mapped_column(String(32), default="")


class Publication(Base):
    """One serial: when it was given, what it added and removed, and how many entries the list then had.

    Attributes:
        digest: of the whole list at it (control/allowlist/digest.py); none: an earlier version gave it.
    """

    __tablename__ = "publication"

    serial: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(index=True)
    added: Mapped[int]
    removed: Mapped[int]
    count: Mapped[int]
    digest: Mapped[bytes | None] = mapped_column(LargeBinary(32))


class AuditRow(Base):
    """One row of the audit; triggers in the database refuse to change or delete one.

    Attributes:
        seq: from 1, without gaps.
        outcome: "done" or "refused".
        before, after: canonical JSON of the fields that changed; text, because its very bytes are hashed.
        hash: SHA-256 over the hash before it and this row.
    """

    __tablename__ = "audit"
    __table_args__ = (Index("ix_audit_object", "object", "seq"),)

    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(index=True)
    actor: Mapped[str] = mapped_column(String(200), index=True)
    request_id: Mapped[str] = mapped_column(String(64))
    action: Mapped[str] = mapped_column(String(64))
    object: Mapped[str] = mapped_column(String(64))
    outcome: Mapped[str] = mapped_column(String(8))
    before: Mapped[str] = mapped_column(Text)
    after: Mapped[str] = mapped_column(Text)
    hash: Mapped[bytes] = mapped_column(LargeBinary(32))


class AuditHead(Base):
    """One signed head of the audit (control/witness/head.py).

    Attributes:
        number: from 1, without gaps.
        line: the head as JSON.
    """

    __tablename__ = "audit_head"

    number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    line: Mapped[str] = mapped_column(Text)
