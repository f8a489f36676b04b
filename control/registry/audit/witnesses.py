"""Heads held against each other, the key and the serials: those of the registry, and those that others have kept."""

import json
from collections.abc import Iterator, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from control.fault import BadValueError
from control.registry.audit import heads
from control.registry.audit.chain import Tampering, Witnessed
from control.registry.store.model import AuditHead, AuditRow, Ledger, Publication
from control.witness.head import read


def own(session: Session) -> Iterator[Witnessed | Tampering]:
    """Yield the heads that the registry has, and which of them are none."""
    expected = 1
    for number, at, line in session.execute(
        select(AuditHead.number, AuditHead.at, AuditHead.line).order_by(AuditHead.number)
    ):
        where = f"head {number}"
        if number != expected:
            yield Tampering(f"head {expected}", f"removed: the heads {expected} to {number - 1} are missing")
        expected = number + 1
        try:
            signed = read(line)
        except BadValueError as error:
            yield Tampering(where, f"altered: {error.why}")
            continue
        if (signed.head.number, signed.head.at) != (number, at):
            what = f"altered: it is head {signed.head.number} of {signed.head.at:%Y-%m-%d %H:%M} UTC"
            yield Tampering(where, what)
        yield Witnessed(signed, where)


def good(witnesses: Sequence[Witnessed], key: str) -> Iterator[Witnessed | Tampering]:
    """Yield those that the registry signed, and which it did not; ``key`` is its public one."""
    signed = [each for each in witnesses if each.head.signature]
    first = min((each.head.head.at for each in signed), default=None)
    for each in witnesses:
        head = each.head
        if not head.signature:
            if first is not None and head.head.at >= first:
                yield Tampering(each.where, "is not signed, and of a time when the registry signed its heads")
            else:
                yield each
        elif head.key != key:
            yield Tampering(each.where, f"is signed by the key {head.key[:16]}…, and the registry's is {key[:16]}…")
        elif not head.is_signed:
            yield Tampering(each.where, "altered: its signature is not that of the registry's key")
        else:
            yield each


def findings(session: Session, witnesses: Sequence[Witnessed]) -> Iterator[Tampering]:
    """Yield what the audit's rows, the serials and the ledger say otherwise than good heads."""
    yield from _announced(session)
    epoch = session.scalars(select(Ledger.epoch)).one().hex()
    digests = {each.serial: each.digest for each in session.execute(select(Publication.serial, Publication.digest))}
    twice: dict[int, Witnessed] = {}
    for each in witnesses:
        head = each.head.head
        if not each.head.signature:
            continue
        other = twice.setdefault(head.number, each)
        if other.head.head != head:
            yield Tampering(each.where, f"is another than {other.where}: there were two of that number")
        if not head.serial:
            continue
        kept = digests.get(head.serial)
        if head.serial not in digests:
            yield Tampering(f"serial {head.serial}", f"is gone: it was given, by {each.where}")
        elif head.digest and kept and kept.hex() != head.digest:
            yield Tampering(f"serial {head.serial}", f"had the digest {head.digest}, by {each.where}")
    signed = [each for each in witnesses if each.head.signature]
    if signed:
        last = max(signed, key=lambda each: each.head.head.number)
        if last.head.head.epoch != epoch and not _restored_since(session, last.head.head.seq):
            yield Tampering("ledger", f"the epoch is {epoch}, and {last.head.head.epoch} by {last.where}")


def _announced(session: Session) -> Iterator[Tampering]:
    """Hold the heads that there are against the rows that say that one was made."""
    there = set(session.scalars(select(AuditHead.number)))
    rows = select(AuditRow.seq, AuditRow.after).where(
        AuditRow.object.between("head ", "head ~"), AuditRow.action == heads.ACTION, AuditRow.outcome == "done"
    )
    announced: set[int] = set()
    for seq, after in session.execute(rows.order_by(AuditRow.seq)):
        try:
            number = int(json.loads(after)["number"])
        except (ValueError, KeyError, TypeError):
            continue  # the chain says that it was altered
        announced.add(number)
        if number not in there:
            yield Tampering(f"head {number}", f"removed: row {seq} says that it was made")
    for number in sorted(there - announced):
        yield Tampering(f"head {number}", "put in: no row of the audit says that it was made")


def _restored_since(session: Session, seq: int) -> bool:
    rows = select(AuditRow.seq).where(AuditRow.action == "registry.restore", AuditRow.outcome == "done")
    return session.scalar(rows.where(AuditRow.seq > seq - 1).limit(1)) is not None
