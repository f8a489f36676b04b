"""Who registers, who confirms, who decides, and the tokens by which they are known."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from control.registry.store.model.base import Address, Base, Document, Id, Versioned


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


class ProviderPrefix(Base):
    """One prefix of a provider's own space; see ``ApplicationEntry`` for how a prefix is kept."""

    __tablename__ = "provider_prefix"

    provider_id: Mapped[str] = mapped_column(Id, ForeignKey("provider.id"), primary_key=True)
    first: Mapped[bytes] = mapped_column(Address, primary_key=True)
    length: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)


class Person(Versioned, Base):
    """A person who works for the regulator, or runs the registry.

    Attributes:
        roles: the scopes that the person's tokens may have: some of "officer", "operator", "auditor".
        closed_at: since when none of the person's tokens is good; none: they are.
    """

    __tablename__ = "person"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(String(200), unique=True)
    roles: Mapped[list[Any]] = mapped_column(Document)
    closed_at: Mapped[datetime | None]


class Token(Versioned, Base):
    """A bearer token; only its digest is here.

    Attributes:
        digest: HMAC-SHA-256 of the token, by the registry's key (store/keys.py).
        scopes: names of ``actor.SCOPES``.
        holder: who acts when it is used: a person's, registrant's or provider's id.
        registrant_id, provider_id: the holder, when it is one.
        makers: who made it, and who made the token by which that was done, and so on.
    """

    __tablename__ = "token"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    digest: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    scopes: Mapped[list[Any]] = mapped_column(Document)
    holder: Mapped[str] = mapped_column(String(200), index=True)
    registrant_id: Mapped[str | None] = mapped_column(Id, ForeignKey("registrant.id"))
    provider_id: Mapped[str | None] = mapped_column(Id, ForeignKey("provider.id"))
    makers: Mapped[list[Any]] = mapped_column(Document)
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    used_at: Mapped[datetime | None]
