"""Applications and the addresses that they ask for."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from control.registry.store.model.base import Address, Base, Document, Id, Versioned


class Application(Versioned, Base):
    """One application; ``workflow`` says its states.

    Attributes:
        documents: objects with kind, reference and sha256; the documents themselves are kept elsewhere.
        reason: why it was last returned or refused.
        submitted_behind, confirmed_behind: who was behind that (``Actor.behind``): others have to go on from there.
    """

    __tablename__ = "application"
    __table_args__ = (
        Index("ix_application_queue", "state", "submitted_at"),
        Index("ix_application_provider_queue", "provider_id", "state", "id"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    registrant_id: Mapped[str] = mapped_column(Id, ForeignKey("registrant.id"), index=True)
    provider_id: Mapped[str | None] = mapped_column(Id, ForeignKey("provider.id"))
    category: Mapped[str] = mapped_column(String(64))
    documents: Mapped[list[Any]] = mapped_column(Document)
    state: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str] = mapped_column(Text, default="")
    submitted_at: Mapped[datetime | None]
    confirmed_at: Mapped[datetime | None]
    decided_at: Mapped[datetime | None]
    submitted_behind: Mapped[list[Any] | None] = mapped_column(Document)
    confirmed_behind: Mapped[list[Any] | None] = mapped_column(Document)


class ApplicationEntry(Base):
    """One prefix that an application asks for.

    Attributes:
        place: from 0, the order in which the applicant wrote them.
        first, length: the prefix as ``addresses.key`` gives it; IPv4 lengths are +96.
        prefix: the same in text.
        protocols, ports: names and ranges separated by spaces; empty is every one.
    """

    __tablename__ = "application_entry"
    __table_args__ = (Index("ix_application_entry_prefix", "length", "first"),)

    application_id: Mapped[str] = mapped_column(Id, ForeignKey("application.id"), primary_key=True)
    place: Mapped[int] = mapped_column(primary_key=True)
    first: Mapped[bytes] = mapped_column(Address)
    length: Mapped[int]
    prefix: Mapped[str] = mapped_column(String(64))
    protocols: Mapped[str] = mapped_column(String(200))
    ports: Mapped[str] = mapped_column(String(64))
