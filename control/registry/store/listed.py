"""What is on the live list, was there at a serial, or came and went with one: rows of ``Listing`` as a list."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from control.allowlist.allowlist import Allowlist
from control.allowlist.columnar import Columns
from control.allowlist.entry import PLAIN, Terms
from control.registry.space import addresses
from control.registry.store.model import Listing


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
    if not rows:
        return Allowlist.empty()
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
    return Allowlist.from_rows(columns, table)
