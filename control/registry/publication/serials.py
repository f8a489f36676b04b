"""Serials: the live list as a follower sees it, whole at one serial or change by change.

A serial is given under the writer's lock and committed with what it stands for, so serials have no gaps, never go
back, and appear in order. The live list at a serial is what had joined and not left by then.
"""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import SQLColumnExpression, null, select
from sqlalchemy.orm import Session

from control.allowlist.allowlist import Allowlist
from control.allowlist.digest import Digest
from control.allowlist.entry import Prefix
from control.fault import Fault, Kind, Refused
from control.registry.space import addresses
from control.registry.store import listed, revision
from control.registry.store.model import Ledger, Listing, Publication


@dataclass(frozen=True, slots=True)
class LiveHead:
    """Where the live list has got to.

    Attributes:
        epoch: 32 hexadecimal digits; serials of another epoch mean nothing here.
        serial: 0 before the first entry.
        count: entries at that serial.
        digest: of the whole list at that serial (control/allowlist/digest.py), as hexadecimal digits; none: an
            earlier version gave that serial.
    """

    epoch: str
    serial: int
    count: int
    digest: str | None


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
    return LiveHead(epoch.hex(), serial, count, digest_at(session, serial))


def digest_at(session: Session, serial: int) -> str | None:
    """Return the digest of the whole list at a serial; none: it was never given, or by an earlier version."""
    if not serial:
        return str(Digest())
    return _hex(session.scalar(select(_digest(session)).where(Publication.serial == serial)))


def snapshot(session: Session) -> LiveSnapshot:
    """Return the whole live list; a million entries take a second or two."""
    return LiveSnapshot(head(session), listed.now(session))


def snapshot_at(session: Session, at: datetime) -> tuple[int, Allowlist]:
    """Return the serial and the live list as they were at a time."""
    serial = serial_at(session, at)
    return serial, listed.at(session, serial)


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


def registration_of(session: Session, prefix: Prefix) -> str | None:
    """Return the id of the registration by which exactly this prefix is on the live list; none: it is not."""
    first, length = addresses.key(prefix)
    here = select(Listing.registration_id).where(Listing.first == first, Listing.length == length)
    return session.scalar(here.where(Listing.left_serial.is_(None)))


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
    columns = select(Publication.serial, Publication.count, _digest(session), Publication.at)
    publications = columns.where(Publication.serial > since).order_by(Publication.serial).limit(limit)
    return [
        SerialDelta(
            LiveHead(epoch, serial, count, _hex(digest)),
            given,
            listed.joined(session, serial),
            listed.left(session, serial),
        )
        for serial, count, digest, given in session.execute(publications)
    ]


def _digest(session: Session) -> SQLColumnExpression[bytes | None]:
    """Return the column; nothing in tables that are not upgraded yet, since an edge may be newer than its registry."""
    return Publication.digest if revision.have(session, revision.DIGESTS) else null()


def _hex(digest: bytes | None) -> str | None:
    return digest.hex() if isinstance(digest, bytes) else None
