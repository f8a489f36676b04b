"""The audit held against its keepers: the chain against signed heads, and the tables against the chain.

Whoever has the database can write a chain that fits itself, and tables that fit it. What he cannot write is a head that
the registry's key signed, nor what others have kept of those it did.
"""

from collections.abc import Iterator, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from control.fault import Fault
from control.registry.audit import chain, differences, published, witnesses
from control.registry.audit.chain import Finding, Witness
from control.registry.audit.differences import Difference
from control.registry.audit.telling import ACTION
from control.registry.store.model import AuditRow


def findings(session: Session, key: str, given: Sequence[Witness | Fault] = ()) -> Iterator[Finding]:
    """Yield everything that is not as it was written: nothing, when nobody has changed anything.

    Args:
        session: one state of everything.
        key: the registry's public key, as hexadecimal digits.
        given: heads that were kept elsewhere, and what there is no head.
    """
    there: list[Witness] = []
    for one in (*witnesses.own(session), *given):
        if isinstance(one, Witness):
            there.append(one)
        else:
            yield one if isinstance(one, Finding) else Finding(one.where, f"altered: {one.why}")
    good: list[Witness] = []
    for each in witnesses.good(there, key):
        if isinstance(each, Witness):
            good.append(each)
        else:
            yield each
    yield from chain.verify(session, good)
    yield from witnesses.findings(session, good)
    yield from _told_twice(session, good)
    yield from tables(session)


def tables(session: Session) -> Iterator[Finding]:
    """Yield what of the tables is not as the chain says."""
    yield from map(_finding, differences.find(session))
    yield from published.findings(session)


def _told_twice(session: Session, good: Sequence[Witness]) -> Iterator[Finding]:
    """Hold that the tables were taken as they stand once for each of their forms, before a head was signed of it."""
    rows = select(AuditRow.seq, AuditRow.object).where(AuditRow.action == ACTION, AuditRow.outcome == "done")
    seen: dict[str, int] = {}
    for seq, tables in session.execute(rows.order_by(AuditRow.seq)):
        if tables in seen:
            yield Finding(f"row {seq}", f"tells of the {tables} a second time, after row {seen[tables]}")
        seen.setdefault(tables, seq)
        earlier = [each for each in good if f"tables {each.head.head.tables}" == tables and each.head.head.seq < seq]
        if earlier:
            yield Finding(f"row {seq}", f"takes the {tables} as they stood then, after {earlier[0].where}")


def _finding(difference: Difference) -> Finding:
    where = f"{difference.table} {difference.id}"
    if difference.unreadable:
        return Finding(where, f"cannot be read: {', '.join(difference.unreadable)}")
    if difference.told is None:
        return Finding(where, "was put in: no row of the audit says that it was made")
    if difference.held is None:
        return Finding(where, f"is gone, and row {difference.seq} of the audit says that it is there")
    told = difference.told
    words = [f"{name} is {_shown(held)}, and was {_shown(told[name])}" for name, held in difference.held.items()]
    return Finding(where, f"{'; '.join(words)}, by row {difference.seq} of the audit or one before it")


def _shown(value: object) -> str:
    text = "nothing" if value is None else str(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


LONGEST = 100
"""Characters of a value that a finding shows."""
