"""Who registers, who confirms, who decides, and the tokens by which they are known."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from control.registry.store.model.base import Base, Document, Id, Versioned


class Registrant(Versioned, Base):
    """An organisation or an individual that registers addresses.

    Attributes:
        kind: "organisation" or "individual".
        reference: the name under which whoever imports it knows it, such as a member's number; each once.
        contacts: objects with name, email and phone.
    """

    __tablename__ = "registrant"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    name: Mapped[str] = mapped_column(String(200), index=True)
    reference: Mapped[str | None] = mapped_column(String(100), unique=True)
    contacts: Mapped[list[Any]] = mapped_column(Document)


class Provider(Versioned, Base):
    """An internet provider, which confirms that subscriber and address belong together."""

    __tablename__ = "provider"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(String(200), unique=True)
    contacts: Mapped[list[Any]] = mapped_column(Document)


class Officer(Versioned, Base):
    """A person who decides for the regulator."""

    __tablename__ = "officer"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(String(200), unique=True)


class Token(Versioned, Base):
    """A bearer token; only its digest is here.

    Attributes:
        digest: HMAC-SHA-256 of the token, keyed by the ledger's secret.
        scopes: names of ``actor.SCOPES``.
        holder: who acts when it is used: an officer's, registrant's or provider's id, or a name.
    """

    __tablename__ = "token"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    digest: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    scopes: Mapped[list[Any]] = mapped_column(Document)
    holder: Mapped[str] = mapped_column(String(200), index=True)
    registrant_id: Mapped[str | None] = mapped_column(Id, ForeignKey("registrant.id"))
    provider_id: Mapped[str | None] = mapped_column(Id, ForeignKey("provider.id"))
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    used_at: Mapped[datetime | None]
