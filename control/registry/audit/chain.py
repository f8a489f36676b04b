"""The audit: a row for every change and every refused attempt, each hashed with the one before it.

Rows are only ever added, under the writer's lock, so that their order is that of the commits. Whoever keeps a
signed head (``heads``) can prove later that nothing up to it was altered, removed or put in another order.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from control.registry.store.model import AuditRow, Ledger
from control.witness.head import SignedHead

START = bytes(32)
"""The hash before the first row."""

BATCH = 2000
"""Rows written or read at a time."""

LONGEST_FIELD = 8192
"""Characters of a field of a row, in canonical JSON."""


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """What one row says; ``model.AuditRow`` says more of its fields."""

    action: str
    object: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    outcome: str = "done"


@dataclass(frozen=True, slots=True)
class LastRow:
    """The last row of the audit: its number, and its hash as hexadecimal digits."""

    seq: int
    hash: str


@dataclass(frozen=True, slots=True)
class Tampering:
    """One thing that is not as it was written.

    Attributes:
        where: the row, the object, the serial or the head.
        what: is wrong there.
    """

    where: str
    what: str


@dataclass(frozen=True, slots=True)
class Witnessed:
    """A head that is held against the chain, and where it was kept."""

    head: SignedHead
    where: str


def plain(value: object) -> str:
    """Return what is no type of JSON as a row has it: a time in UTC with microseconds, bytes as hexadecimal digits.

    Raises:
        TypeError: it is neither.
    """
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, bytes):
        return value.hex()
    raise TypeError(f"not for the audit: {value!r}")


_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=plain)


def canonical(value: object) -> str:
    """Return JSON in its one form: keys sorted, no spaces, UTF-8; times in UTC with microseconds."""
    return _ENCODER.encode(value)


def bounded(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return fields as a row keeps them: one that is long stands there as the SHA-256 and length of its canonical form.

    So a row can be read whatever was asked for, and the field can still be held against it.
    """
    kept: dict[str, Any] = {}
    for name, value in fields.items():
        text = canonical(value)
        kept[name] = value if len(text) <= LONGEST_FIELD else digest_of(text)
    return kept


def digest_of(text: str) -> dict[str, Any]:
    """Return what stands for a field that is long, by its canonical form."""
    data = text.encode(errors="surrogatepass")
    return {"sha256": hashlib.sha256(data).hexdigest(), "length": len(data)}


def append(
    session: Session, ledger: Ledger, at: datetime, actor: str, request_id: str, entries: Sequence[AuditEntry]
) -> None:
    """Write rows behind the last one; the caller holds the ledger."""
    for start in range(0, len(entries), BATCH):
        rows = []
        for entry in entries[start : start + BATCH]:
            row: dict[str, Any] = {
                "seq": ledger.audit_seq + 1,
                "at": at,
                "actor": actor,
                "request_id": request_id,
                "action": entry.action,
                "object": entry.object,
                "outcome": entry.outcome,
                "before": canonical(bounded(entry.before)),
                "after": canonical(bounded(entry.after)),
            }
            row["hash"] = _hash(ledger.audit_hash, row)
            ledger.audit_seq, ledger.audit_hash = row["seq"], row["hash"]
            rows.append(row)
        session.execute(insert(AuditRow), rows)


def _hash(before: bytes, row: Mapping[str, Any]) -> bytes:
    return hashlib.sha256(before + canonical(row).encode()).digest()


def verify(session: Session, witnesses: Iterable[Witnessed] = ()) -> Iterator[Tampering]:
    """Read the whole chain and yield what is wrong with it: nothing, when it is intact.

    A row that was altered does not have its hash; where rows were removed a number is missing; rows that changed
    places have each other's hashes. A chain that was written anew as a whole differs from a head of it.
    """
    heads: dict[int, list[Witnessed]] = {}
    for each in witnesses:
        heads.setdefault(each.head.head.seq, []).append(each)
    expected, previous = 1, START
    yield from _unlike(heads.pop(0, ()), START)
    for row in _stream(session):
        if row["seq"] != expected:
            yield Tampering(_row(expected), f"removed: the rows {expected} to {row['seq'] - 1} are missing")
        digest = row.pop("hash")
        if row["seq"] == expected and _hash(previous, row) != digest:
            yield Tampering(_row(row["seq"]), f"altered: its hash does not fit it behind row {row['seq'] - 1}")
        yield from _unlike(heads.pop(row["seq"], ()), digest)
        expected, previous = row["seq"] + 1, digest
    yield from _verify_end(session, expected - 1, previous)
    for seq in sorted(heads):
        places = ", ".join(sorted({each.where for each in heads[seq]}))
        yield Tampering(_row(seq), f"removed: it was the last one once, by {places}")


def _row(seq: int) -> str:
    return f"row {seq}"


def _unlike(witnesses: Iterable[Witnessed], digest: bytes) -> Iterator[Tampering]:
    for each in witnesses:
        head = each.head.head
        if head.hash != digest.hex():
            when = f"{head.at:%Y-%m-%d %H:%M} UTC"
            yield Tampering(_row(head.seq), f"differs from {each.where}: it was {head.hash} at {when}")


def _verify_end(session: Session, seq: int, digest: bytes) -> Iterator[Tampering]:
    ledger = session.execute(select(Ledger.audit_seq, Ledger.audit_hash)).one()
    if ledger.audit_seq > seq:
        yield Tampering(_row(seq + 1), f"removed: the rows {seq + 1} to {ledger.audit_seq} are missing at the end")
    elif ledger.audit_seq < seq:
        yield Tampering(_row(ledger.audit_seq + 1), "added: the ledger knows no such row")
    elif ledger.audit_hash != digest:
        yield Tampering(_row(seq), "altered: its hash is not the one in the ledger")


def _stream(session: Session) -> Iterator[dict[str, Any]]:
    columns = list(AuditRow.__table__.columns)
    last = 0
    while rows := session.execute(
        select(*columns).where(AuditRow.seq > last).order_by(AuditRow.seq).limit(BATCH)
    ).all():
        yield from (dict(row._mapping) for row in rows)
        last = rows[-1].seq


def last(session: Session) -> LastRow:
    """Return the last row's number and hash."""
    ledger = session.execute(select(Ledger.audit_seq, Ledger.audit_hash)).one()
    return LastRow(ledger.audit_seq, ledger.audit_hash.hex())


def state_at(session: Session, object_: str, at: datetime) -> dict[str, Any]:
    """Return the fields of an object as they were at a time; none when it was not there yet."""
    rows = select(AuditRow.after).where(AuditRow.object == object_, AuditRow.outcome == "done", AuditRow.at <= at)
    state: dict[str, Any] = {}
    for after in session.scalars(rows.order_by(AuditRow.seq)):
        state |= json.loads(after)
    return state
