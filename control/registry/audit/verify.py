"""The audit held against its keepers: the chain against signed heads, and the tables against the chain.

Whoever has the database can write a chain that fits itself, and tables that fit it. What he cannot write is a head that
the registry's key signed, nor what others have kept of those it did.
"""

from collections.abc import Iterator, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from control.fault import Fault
from control.registry.audit import chain, discrepancies, published, witnesses
from control.registry.audit.chain import Tampering, Witnessed
from control.registry.audit.discrepancies import Discrepancy
from control.registry.audit.telling import ACTION
from control.registry.store.model import AuditRow

LONGEST = 100
"""Characters of a value that a finding shows."""


def findings(session: Session, key: str, given: Sequence[Witnessed | Fault] = ()) -> Iterator[Tampering]:
    """Yield everything that is not as it was written: nothing, when nobody has changed anything.

    Args:
        session: one state of everything.
        key: the registry's public key, as hexadecimal digits.
        given: heads that were kept elsewhere, and what there is no head.
    """
    there: list[Witnessed] = []
    for one in (*witnesses.own(session), *given):
        if isinstance(one, Witnessed):
            there.append(one)
        else:
            yield one if isinstance(one, Tampering) else Tampering(one.where, f"altered: {one.why}")
    good: list[Witnessed] = []
    for each in witnesses.good(there, key):
        if isinstance(each, Witnessed):
            good.append(each)
        else:
            yield each
    yield from chain.verify(session, good)
    yield from witnesses.findings(session, good)
    yield from _told_twice(session, good)
    yield from tables(session)


def tables(session: Session) -> Iterator[Tampering]:
    """Yield what of the tables is not as the chain says."""
    yield from map(_finding, discrepancies.find(session))
    yield from published.findings(session)


def _told_twice(session: Session, good: Sequence[Witnessed]) -> Iterator[Tampering]:
    """Hold that the tables were taken as they stand once for each of their forms, before a head was signed of it."""
    rows = select(AuditRow.seq, AuditRow.object).where(AuditRow.action == ACTION, AuditRow.outcome == "done")
    seen: dict[str, int] = {}
    for seq, tables in session.execute(rows.order_by(AuditRow.seq)):
        if tables in seen:
            yield Tampering(f"row {seq}", f"tells of the {tables} a second time, after row {seen[tables]}")
        seen.setdefault(tables, seq)
        earlier = [each for each in good if f"tables {each.head.head.tables}" == tables and each.head.head.seq < seq]
        if earlier:
            yield Tampering(f"row {seq}", f"takes the {tables} as they stood then, after {earlier[0].where}")


def _finding(discrepancy: Discrepancy) -> Tampering:
    where = f"{discrepancy.table} {discrepancy.id}"
    if discrepancy.unreadable:
        return Tampering(where, f"cannot be read: {', '.join(discrepancy.unreadable)}")
    if discrepancy.told is None:
        return Tampering(where, "was put in: no row of the audit says that it was made")
    if discrepancy.held is None:
        return Tampering(where, f"is gone, and row {discrepancy.seq} of the audit says that it is there")
    told = discrepancy.told
    words = [f"{name} is {_shown(held)}, and was {_shown(told[name])}" for name, held in discrepancy.held.items()]
    return Tampering(where, f"{'; '.join(words)}, by row {discrepancy.seq} of the audit or one before it")


def _shown(value: object) -> str:
    text = "nothing" if value is None else str(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
