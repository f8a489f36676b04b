"""Serials: the live list as a follower sees it, whole at one serial or change by change.

A serial is given under the writer's lock and committed with what it stands for, so serials have no gaps, never go
back, and appear in order. The live list at a serial is what had joined and not left by then.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from control.allowlist.allowlist import Allowlist
from control.allowlist.columnar import Columns
from control.allowlist.entry import PLAIN, Prefix, Terms
from control.fault import Fault, Kind, Refused
from control.registry.space import addresses
from control.registry.store.model import Ledger, Listing, Publication


@dataclass(frozen=True, slots=True)
class LiveHead:
    """Where the live list has got to.

    Attributes:
        epoch: 32 hexadecimal digits; serials of another epoch mean nothing here.
        serial: 0 before the first entry.
        count: entries at that serial.
    """

    epoch: str
    serial: int
    count: int


@dataclass(frozen=True, slots=True)
class LiveSnapshot:
    """The whole live list at a serial."""

    head: LiveHead
    entries: Allowlist

    @property
    def sha256(self) -> str:
        """Of the packed list."""
        return hashlib.sha256(self.entries.pack()).hexdigest()


@dataclass(frozen=True, slots=True)
class SerialDelta:
    """What one serial did; an entry whose terms changed is among both.

    Attributes:
        head: after it.
        at: when it was given.
    """

    head: LiveHead
    at: datetime
    added: Allowlist = field(default_factory=Allowlist.empty)
    removed: Allowlist = field(default_factory=Allowlist.empty)

    @property
    def sha256(self) -> str:
        """Of the packed additions and the packed removals behind them."""
        return hashlib.sha256(self.added.pack() + self.removed.pack()).hexdigest()


def head(session: Session) -> LiveHead:
    """Return where the live list has got to."""
    epoch, serial, count = session.execute(select(Ledger.epoch, Ledger.serial, Ledger.count)).one()
    return LiveHead(epoch.hex(), serial, count)


def snapshot(session: Session) -> LiveSnapshot:
    """Return the whole live list; a million entries take a second or two."""
    return LiveSnapshot(head(session), _listed(session, Listing.left_serial.is_(None)))


def snapshot_at(session: Session, at: datetime) -> tuple[int, Allowlist]:
    """Return the serial and the live list as they were at a time."""
    serial = serial_at(session, at)
    return serial, _listed(session, _on_list_at(serial))


def serial_at(session: Session, at: datetime) -> int:
    """Return the serial that held at a time, 0 before the first."""
    last = select(Publication.serial).where(Publication.at <= at).order_by(Publication.serial.desc()).limit(1)
    return session.scalar(last) or 0


def covering(session: Session, prefix: Prefix, serial: int | None = None) -> list[Listing]:
    """Return what on the live list covers a prefix, now or at an earlier serial, the widest first."""
    keys = set(addresses.covering_keys(prefix))
    # The serial is compared here and not in SQL: for that SQLite would read the index of all that is on the list.
    near = select(Listing).where(Listing.first.in_({first for first, _ in keys})).order_by(Listing.length)
    return [
        listing
        for listing in session.scalars(near)
        if (listing.first, listing.length) in keys and _stays(listing, serial)
    ]


def _stays(listing: Listing, serial: int | None) -> bool:
    """Return whether a stay lasts, or did so at an earlier serial."""
    if serial is None or listing.left_serial is None:
        return listing.left_serial is None and (serial is None or listing.joined_serial <= serial)
    return listing.joined_serial <= serial < listing.left_serial


def deltas(session: Session, epoch: str, since: int, limit: int = 100) -> list[SerialDelta]:
    """Return what came after a serial, one change a serial, in order.

    Raises:
        Refused: "gone": the serial is not one of this list's; start anew from a snapshot.
    """
    now = head(session)
    if epoch != now.epoch or not 0 <= since <= now.serial:
        fault = Fault("since", f"{epoch}:{since} is no serial of this list", "start anew from a snapshot")
        raise Refused(Kind.GONE, "There are no changes since that serial", [fault])
    publications = select(Publication).where(Publication.serial > since).order_by(Publication.serial).limit(limit)
    return [_delta(session, now.epoch, publication) for publication in session.scalars(publications)]


def _delta(session: Session, epoch: str, publication: Publication) -> SerialDelta:
    return SerialDelta(
        LiveHead(epoch, publication.serial, publication.count),
        publication.at,
        _listed(session, and_(Listing.joined_serial == publication.serial, _on_list_at(publication.serial))),
        _listed(session, and_(Listing.left_serial == publication.serial, _on_list_at(publication.serial - 1))),
    )


def _on_list_at(serial: int) -> ColumnElement[bool]:
    return and_(Listing.joined_serial <= serial, or_(Listing.left_serial.is_(None), Listing.left_serial > serial))


def _listed(session: Session, which: ColumnElement[bool]) -> Allowlist:
    columns = select(Listing.first, Listing.length, Listing.protocols, Listing.ports).where(which)
    return _allowlist(session.execute(columns.order_by(Listing.first, Listing.length)).all())


def _allowlist(rows: Sequence[Any]) -> Allowlist:
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
