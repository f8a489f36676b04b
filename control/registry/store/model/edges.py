"""What the edges say of themselves: what they have of the live list, and what of that is in use there."""

from datetime import datetime

from sqlalchemy import Double, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from control.registry.store.model.base import Address, Base, Id, Versioned


class FollowingEdge(Versioned, Base):
    """A gateway that follows the live list."""

    __tablename__ = "edge"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(String(200), unique=True)
    provider_id: Mapped[str | None] = mapped_column(Id, ForeignKey("provider.id"))


class EdgeLogin(Base):
    """The login of PostgreSQL that alone speaks for an edge: a table of its own, as older tables have no place for it.

    Of an edge without one every follower may say what it has (control/registry/store/rights.py).
    """

    __tablename__ = "edge_login"

    edge_id: Mapped[str] = mapped_column(Id, ForeignKey("edge.id"), primary_key=True)
    login: Mapped[str] = mapped_column(String(63))


class EdgeAck(Base):
    """When an edge had a serial in its kernel."""

    __tablename__ = "edge_ack"

    edge_id: Mapped[str] = mapped_column(Id, ForeignKey("edge.id"), primary_key=True)
    serial: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]


class EdgeReport(Base):
    """What an edge last reported.

    Attributes:
        at: when, by the registry's clock.
        watched: for how many seconds it has looked at traffic by then; less than before once it has forgotten.
        entries: of the registry's that are live there.
        held: of these, that the registry's list has no more, or narrower; none: it does not know yet.
        ahead: seconds by which its clock is ahead of the registry's.
        retired_at: since when it is no more, as an operator said; none: it is, or it has reported since.
    """

    __tablename__ = "edge_report"

    edge_id: Mapped[str] = mapped_column(Id, ForeignKey("edge.id"), primary_key=True)
    at: Mapped[datetime]
    watched: Mapped[float] = mapped_column(Double)
    entries: Mapped[int]
    held: Mapped[int | None]
    ahead: Mapped[float] = mapped_column(Double)
    retired_at: Mapped[datetime | None]


class EdgeUse(Base):
    """When a registered prefix last had traffic at an edge; there is none of any other address.

    Attributes:
        seen: at which second of what the edge has ``watched``: no wall clock, its own or the registry's, changes it.
    """

    __tablename__ = "edge_use"

    first: Mapped[bytes] = mapped_column(Address, primary_key=True)
    length: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    edge_id: Mapped[str] = mapped_column(Id, ForeignKey("edge.id"), primary_key=True)
    seen: Mapped[float] = mapped_column(Double)
