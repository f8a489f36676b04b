"""Registrations, their stays on the live list, and the intents to take them off it."""

from datetime import datetime
from typing import Any

from sqlalchemy import Double, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from control.registry.store.model.base import Address, Base, Document, Id, Versioned

HELD = text("state IN ('active', 'expiring', 'suspended')")
"""``workflow.HELD`` in SQL, without parameters: a query must repeat it to use the index."""


class Registration(Versioned, Base):
    """One registered prefix; ``workflow`` says its states. See ``ApplicationEntry`` for how the prefix is kept.

    Attributes:
        live_serial: the serial that last put it on the live list.
    """

    __tablename__ = "registration"
    __table_args__ = (
        Index(
            "uq_registration_held",  # a prefix is held once, whatever a bug may try
            "length",
            "first",
            unique=True,
            sqlite_where=HELD,
            postgresql_where=HELD,
        ),
        Index("ix_registration_validity", "state", "valid_until"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    application_id: Mapped[str] = mapped_column(Id, ForeignKey("application.id"), index=True)
    registrant_id: Mapped[str] = mapped_column(Id, ForeignKey("registrant.id"), index=True)
    category: Mapped[str] = mapped_column(String(64))
    first: Mapped[bytes] = mapped_column(Address)
    length: Mapped[int]
    prefix: Mapped[str] = mapped_column(String(64))
    protocols: Mapped[str] = mapped_column(String(200))
    ports: Mapped[str] = mapped_column(String(64))
    valid_from: Mapped[datetime]
    valid_until: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str] = mapped_column(Text, default="")
    live_serial: Mapped[int]


class Listing(Base):
    """One stay of a registration on the live list; the list at any serial can be read from these.

    Attributes:
        joined_serial: the serial from which on it was on the list.
        left_serial: the serial from which on it was no longer; none while it is.
    """

    __tablename__ = "listing"
    __table_args__ = (
        Index(
            "uq_listing_live",
            "first",
            "length",
            unique=True,
            sqlite_where=text("left_serial IS NULL"),
            postgresql_where=text("left_serial IS NULL"),
        ),
        Index("ix_listing_prefix", "first", "length"),
    )

    registration_id: Mapped[str] = mapped_column(Id, ForeignKey("registration.id"), primary_key=True)
    joined_serial: Mapped[int] = mapped_column(primary_key=True, index=True)
    left_serial: Mapped[int | None] = mapped_column(index=True)
    first: Mapped[bytes] = mapped_column(Address)
    length: Mapped[int]
    protocols: Mapped[str] = mapped_column(String(200))
    ports: Mapped[str] = mapped_column(String(64))


class Intent(Versioned, Base):
    """What lets less through, proposed and not yet carried out: a step off the live list, or a stricter policy.

    Attributes:
        step: of a registration, in the words of ``workflow``; or "policy".
        state: "open", "done", "undone" or "cancelled".
        proposed_by, decided_by: ids of actors.
        proposed_behind, agreed_behind: who was behind that (``Actor.behind``).
        policy: rules by protocol that were proposed; none of a step.
        policy_etag: names the policy in whose place they were.
        cut: live entries that it took off; none while it is open.
        alone_by: the one officer who was behind that; none where there were two.
        agreed_by: the first of two officers who confirmed what the clock had proposed.
        waits_boot, waits_since: since when the clock waits to carry it out: the boot, and seconds of the monotonic
            clock in it; none: it waits for an officer.
    """

    __tablename__ = "intent"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    step: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(16), index=True)
    proposed_by: Mapped[str] = mapped_column(String(200))
    decided_by: Mapped[str | None] = mapped_column(String(200))
    decided_at: Mapped[datetime | None]
    policy: Mapped[dict[str, Any] | None] = mapped_column(Document)
    policy_etag: Mapped[str | None] = mapped_column(String(100))
    cut: Mapped[int | None]
    alone_by: Mapped[str | None] = mapped_column(String(200))
    agreed_by: Mapped[str | None] = mapped_column(String(200))
    proposed_behind: Mapped[list[Any] | None] = mapped_column(Document)
    agreed_behind: Mapped[list[Any] | None] = mapped_column(Document)
    waits_boot: Mapped[str | None] = mapped_column(String(40))
    waits_since: Mapped[float | None] = mapped_column(Double)


class IntentItem(Base):
    """One registration of an intent; a registration is in one open intent at most."""

    __tablename__ = "intent_item"
    __table_args__ = (
        Index(
            "uq_intent_item_open",
            "registration_id",
            unique=True,
            sqlite_where=text("is_open"),
            postgresql_where=text("is_open"),
        ),
    )

    intent_id: Mapped[str] = mapped_column(Id, ForeignKey("intent.id"), primary_key=True)
    registration_id: Mapped[str] = mapped_column(Id, ForeignKey("registration.id"), primary_key=True)
    is_open: Mapped[bool] = mapped_column(default=True)
