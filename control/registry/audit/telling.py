"""The audit is told what the tables hold, once after each change of the tables' form.

Migrations change rows without a row of the audit, and earlier versions told it less. What differs at such a moment is
taken as it stands, object by object, and that it was is a row itself: anybody can see of which objects, and when.
"""

from sqlalchemy import select
from sqlalchemy.orm import Session

from control.registry.audit import discrepancies
from control.registry.audit.published import LIST_TOLD
from control.registry.audit.replay import TOLD
from control.registry.store import revision
from control.registry.store.listed import LIST
from control.registry.store.model import Ledger
from control.registry.store.writing import Writing

ACTION = "registry.upgrade"
"""In the audit: that the tables were taken as they stand; its object is their revision."""


def is_due(session: Session) -> bool:
    """Return whether the tables have changed their form since the audit was last told of them."""
    return session.scalars(select(Ledger.told)).one() != revision.now(session)


def tell(writing: Writing) -> None:
    """Have the audit told of each object that is not as it says; nothing of a registry that has none yet."""
    session, now = writing.session, revision.now(writing.session)
    ledger = session.scalars(select(Ledger)).one()
    found = 0
    for each in discrepancies.find(session):
        found += 1
        writing.record(f"{each.table}{TOLD}", each.id, each.told or {}, discrepancies.fields_told(each))
    if found or ledger.audit_seq:
        writing.record(ACTION, f"tables {now}", {"tables": ledger.told}, {"tables": now, "objects": found})
        tell_list(writing)
    ledger.told = now


def tell_list(writing: Writing) -> None:
    """Have the audit told where the live list's serials stand, when no ``list.publish`` says that."""
    ledger = writing.session.scalars(select(Ledger)).one()
    standing = {"epoch": ledger.epoch.hex(), "serial": ledger.serial, "count": ledger.count}
    writing.record(LIST_TOLD, LIST, {}, standing)
