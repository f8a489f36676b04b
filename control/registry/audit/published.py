"""The live list held against the audit: its serials, what each of them put on and took off it, and whose it is."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from sqlalchemy import Select, and_, select
from sqlalchemy.orm import Session

from control.allowlist.digest import LANES, Digest, numbers
from control.registry.audit.chain import Tampering
from control.registry.cases.workflow import LIVE
from control.registry.store import listed
from control.registry.store.model import AuditRow, Ledger, Listing, Publication, Registration

LIST_TOLD = "list.told"
"""In the audit: where the serials stood when it was told of the tables, or they were restored."""


GIVEN = ("added", "removed", "count", "digest")


@dataclass(frozen=True, slots=True)
class _Given:
    """A serial: what it did, and how many entries, of which digest, the list had then."""

    added: int
    removed: int
    count: int
    digest: str | None


def findings(session: Session) -> Iterator[Tampering]:
    """Yield what of the live list is not as the audit says, or not as its own serials say."""
    epoch, serial, count = session.execute(select(Ledger.epoch, Ledger.serial, Ledger.count)).one()
    columns = select(
        Publication.serial, Publication.added, Publication.removed, Publication.count, Publication.digest
    ).order_by(Publication.serial)
    given = {
        serial: _Given(added, removed, count, digest.hex() if isinstance(digest, bytes) else None)
        for serial, added, removed, count, digest in session.execute(columns)
    }
    yield from _told(session, epoch.hex(), serial, given)
    if serial != (last := max(given, default=0)):
        yield Tampering("ledger", f"the serial is {serial}, and the last one given {last}")
    yield from _stays(session, count, given)
    yield from _unlike_registrations(session)


def _told(session: Session, epoch: str, serial: int, given: dict[int, _Given]) -> Iterator[Tampering]:
    """Hold serials and epoch against the rows about the list."""
    rows = select(AuditRow.seq, AuditRow.action, AuditRow.after).where(
        AuditRow.object == listed.LIST, AuditRow.outcome == "done"
    )
    audited, untold, last, now = set[int](), 0, 0, (epoch, 0)
    for seq, action, after in session.execute(rows.order_by(AuditRow.seq).execution_options(yield_per=1000)):
        try:
            fields = json.loads(after)
            now = fields["epoch"], fields["serial"]
            told = None if action == LIST_TOLD else _Given(*(fields[name] for name in GIVEN))
        except (ValueError, KeyError, TypeError):
            continue  # the row was altered: the chain says so
        if told is None:
            untold = untold if last else now[1]  # given by an earlier version, which did not tell the audit
        else:
            audited.add(now[1])
            yield from _unlike(now[1], given.get(now[1]), told, seq)
        last = seq
    for each in sorted(set(given) - audited):
        if each > untold:
            yield Tampering(f"serial {each}", "is in no row of the audit")
    if now != (epoch, serial):
        what = f"the serial is {serial} of the epoch {epoch}, and by row {last} of the audit {now[1]} of {now[0]}"
        yield Tampering("ledger", what)


def _unlike(serial: int, held: _Given | None, told: _Given, seq: int) -> Iterator[Tampering]:
    if held is None:
        yield Tampering(f"serial {serial}", f"is gone, and row {seq} says that it was given")
    elif held != told:
        yield Tampering(f"serial {serial}", f"is {_spelled(held)}, and by row {seq} {_spelled(told)}")


def _spelled(given: _Given) -> str:
    return f"+{given.added} -{given.removed}, {given.count} entries, digest {given.digest or 'unknown'}"


def _stays(session: Session, count: int, given: dict[int, _Given]) -> Iterator[Tampering]:
    """Hold who joined and left the list at each serial against the count and the digest that the serial was given."""
    try:
        stays = listed.stays(session)
    except (ValueError, TypeError, OverflowError) as error:
        yield Tampering("the list", f"has a row that cannot be read ({error})")
        return
    known, has_left = np.array(sorted(given), np.int64), stays.left >= 0
    odd = ~np.isin(stays.joined, known) | (has_left & ~np.isin(stays.left, known))
    if odd.any():
        yield Tampering("the list", f"{int(odd.sum())} of its rows name a serial that was never given")
    if count != (live := int((~has_left).sum())):
        yield Tampering("ledger", f"counts {count} entries, and the list has {live}")
    entries, joined, left = stays.entries.take(~odd), stays.joined[~odd], stays.left[~odd]
    each, gone = numbers(entries, stays.terms), left >= 0
    sums, counts = np.zeros((len(known), LANES), np.uint64), np.zeros(len(known), np.int64)
    came, went = np.searchsorted(known, joined), np.searchsorted(known, left[gone])
    np.add.at(sums, came, each)
    np.subtract.at(sums, went, each[gone])
    np.add.at(counts, came, 1)
    np.subtract.at(counts, went, 1)
    sums, counts = np.cumsum(sums, axis=0, dtype=np.uint64), np.cumsum(counts)
    for place, serial in enumerate(sorted(given)):
        held, digest = given[serial], str(Digest(tuple(map(int, sums[place]))))
        if held.count != counts[place] or held.digest not in (None, digest):
            had = f"had {held.count} entries of the digest {held.digest}"
            yield Tampering(f"serial {serial}", f"{had}; by the list's rows {counts[place]} of {digest}")
            return  # every later one differs by the same


def _unlike_registrations(session: Session) -> Iterator[Tampering]:
    """Hold the live list against the registrations that are to be on it."""
    for id_ in session.scalars(_unlisted()):
        yield Tampering(f"registration {id_}", "is live, and not on the list as it says")
    for id_ in session.scalars(_unregistered()):
        yield Tampering(f"registration {id_}", "is not live, and on the list")


def _unlisted() -> Select[str]:
    same = and_(
        Listing.registration_id == Registration.id,
        Listing.left_serial.is_(None),
        Listing.joined_serial == Registration.live_serial,
        *(getattr(Listing, name) == getattr(Registration, name) for name in ("first", "length", "protocols", "ports")),
    )
    return select(Registration.id).where(Registration.state.in_(LIVE), ~select(Listing).where(same).exists())


def _unregistered() -> Select[str]:
    live = select(Registration.id).where(Registration.id == Listing.registration_id, Registration.state.in_(LIVE))
    return select(Listing.registration_id).where(Listing.left_serial.is_(None), ~live.exists())
