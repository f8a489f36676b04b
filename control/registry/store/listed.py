"""What is on the live list, was there at a serial, or came and went with one: rows of ``Listing`` as a list."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from control.allowlist import columnar
from control.allowlist.allowlist import Allowlist
from control.allowlist.columnar import Columns
from control.allowlist.entry import PLAIN, Terms
from control.registry.space import addresses
from control.registry.store.model import Listing

LIST = "list"
"""The live list's name in the audit."""

PUBLISHED = "list.publish"
"""In the audit: that a serial was given."""


@dataclass(frozen=True, slots=True)
class Stays:
    """Stays on the list, in columns of equal length.

    Attributes:
        entries, terms: what stayed, and the table that its terms are an index into.
        joined, left: the serials with which it joined and left; -1: it is there still.
    """

    entries: Columns
    terms: tuple[Terms, ...]
    joined: NDArray[np.int64]
    left: NDArray[np.int64]


def now(session: Session) -> Allowlist:
    """Return the whole live list; a million entries take a second or two."""
    return _listed(session, Listing.left_serial.is_(None))


def at(session: Session, serial: int) -> Allowlist:
    """Return the whole live list as it was at a serial."""
    return _listed(session, _stays_at(serial))


def joined(session: Session, serial: int) -> Allowlist:
    """Return what a serial put on the list; an entry whose terms changed is among what left, too."""
    return _listed(session, and_(Listing.joined_serial == serial, _stays_at(serial)))


def left(session: Session, serial: int) -> Allowlist:
    """Return what a serial took off the list."""
    return _listed(session, and_(Listing.left_serial == serial, _stays_at(serial - 1)))


def _stays_at(serial: int) -> ColumnElement[bool]:
    return and_(Listing.joined_serial <= serial, or_(Listing.left_serial.is_(None), Listing.left_serial > serial))


def _listed(session: Session, which: ColumnElement[bool]) -> Allowlist:
    columns = select(Listing.first, Listing.length, Listing.protocols, Listing.ports).where(which)
    return of_rows(session.execute(columns.order_by(Listing.first, Listing.length)).all())


def of_rows(rows: Sequence[Any]) -> Allowlist:
    """Return the list of (first, length, protocols, ports); terms are read once for all who share them."""
    return Allowlist.from_rows(*_columns(rows)) if rows else Allowlist.empty()


def stays(session: Session) -> Stays:
    """Return every stay on the list that there has been, all in memory."""
    columns = select(
        Listing.first, Listing.length, Listing.protocols, Listing.ports, Listing.joined_serial, Listing.left_serial
    )
    rows = session.execute(columns).all()
    if not rows:
        return Stays(columnar.empty(), (PLAIN,), np.zeros(0, np.int64), np.zeros(0, np.int64))
    entries, table = _columns([row[:4] for row in rows])
    joined = np.array([row[4] for row in rows], np.int64)
    left = np.array([-1 if row[5] is None else row[5] for row in rows], np.int64)
    return Stays(entries, table, joined, left)


def _columns(rows: Sequence[Any]) -> tuple[Columns, tuple[Terms, ...]]:
    firsts, lengths, protocols, ports = zip(*rows, strict=True)
    spelled = list(zip(protocols, ports, strict=True))
    index = {("", ""): 0} | {spelling: place for place, spelling in enumerate(sorted(set(spelled) - {("", "")}), 1)}
    halves = np.frombuffer(b"".join(firsts), ">u8").astype(np.uint64).reshape(-1, 2)
    columns = Columns(
        np.ascontiguousarray(halves[:, 0]),
        np.ascontiguousarray(halves[:, 1]),
        np.array(lengths, np.uint8),
        np.fromiter(map(index.__getitem__, spelled), np.uint32, len(spelled)),
    )
    table = (PLAIN, *(Terms(*addresses.terms(*spelling)) for spelling in list(index)[1:]))
    return columns, table
