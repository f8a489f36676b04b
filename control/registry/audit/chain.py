"""The audit: a row for every change and every refused attempt, each hashed with the one before it.

Rows are only ever added, under the writer's lock, so that their order is that of the commits. Whoever keeps a
anchored head can prove later that nothing up to it was altered, removed or put in another order.
"""

import contextlib
import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from control.registry.store.model import AuditRow, Ledger

START = bytes(32)
"""The hash before the first row."""

BATCH = 2000
"""Rows written or read at a time."""

LONGEST_FIELD = 8192
"""Characters of a field of a row, in canonical JSON."""

ANCHORS = "anchors"
"""Directory among an instance's state for the heads, one a day, for outsiders to keep."""


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """What one row says; ``model.AuditRow`` says more of its fields."""

    action: str
    object: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    outcome: str = "done"


@dataclass(frozen=True, slots=True)
class Head:
    """The last row of the audit at some time, for an outsider to keep."""

    seq: int
    hash: str


@dataclass(frozen=True, slots=True)
class Tampering:
    """One thing that is wrong with the chain: at which row, and what."""

    seq: int
    what: str


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    raise TypeError(f"not for the audit: {value!r}")


_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_plain)


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


def verify(session: Session, anchors: Iterable[Head] = ()) -> Iterator[Tampering]:
    """Read the whole chain and yield what is wrong with it: nothing, when it is intact.

    A row that was altered does not have its hash; where rows were removed a number is missing; rows that changed
    places have each other's hashes. A chain that was written anew as a whole differs from an anchored head.
    """
    heads = {head.seq: head.hash for head in anchors}
    expected, previous = 1, START
    for row in _stream(session):
        if row["seq"] != expected:
            yield Tampering(expected, f"removed: the rows {expected} to {row['seq'] - 1} are missing")
        digest = row.pop("hash")
        if row["seq"] == expected and _hash(previous, row) != digest:
            yield Tampering(row["seq"], f"altered: its hash does not fit row {row['seq']} behind row {row['seq'] - 1}")
        if heads.get(row["seq"], digest.hex()) != digest.hex():
            yield Tampering(row["seq"], "differs from the head that was anchored")
        expected, previous = row["seq"] + 1, digest
    yield from _verify_end(session, expected - 1, previous, heads)


def _verify_end(session: Session, seq: int, digest: bytes, heads: Mapping[int, str]) -> Iterator[Tampering]:
    ledger = session.execute(select(Ledger.audit_seq, Ledger.audit_hash)).one()
    last = max([ledger.audit_seq, *heads])
    if last > seq:
        yield Tampering(seq + 1, f"removed: the rows {seq + 1} to {last} are missing at the end")
    elif ledger.audit_seq < seq:
        yield Tampering(ledger.audit_seq + 1, "added: the ledger knows no such row")
    elif ledger.audit_hash != digest:
        yield Tampering(seq, "altered: its hash is not the one in the ledger")


def _stream(session: Session) -> Iterator[dict[str, Any]]:
    columns = list(AuditRow.__table__.columns)
    last = 0
    while rows := session.execute(
        select(*columns).where(AuditRow.seq > last).order_by(AuditRow.seq).limit(BATCH)
    ).all():
        yield from (dict(row._mapping) for row in rows)
        last = rows[-1].seq


def head(session: Session) -> Head:
    """Return the last row's number and hash."""
    ledger = session.execute(select(Ledger.audit_seq, Ledger.audit_hash)).one()
    return Head(ledger.audit_seq, ledger.audit_hash.hex())


def anchors_of(state: Path) -> Path:
    """Return the directory of the heads among an instance's state; before 0.1 was out it had another name."""
    directory, earlier = state / ANCHORS, state / "published"
    if earlier.is_dir() and not directory.exists():
        with contextlib.suppress(OSError):  # whoever only reads may not; whoever anchors then makes a new one
            earlier.rename(directory)
    return directory


def daily_file(directory: Path, at: datetime) -> Path:
    """Return the file of a day's head, in UTC."""
    return directory / f"audit-{at.astimezone(UTC):%Y-%m-%d}.json"


def anchor(session: Session, directory: Path, at: datetime) -> Path:
    """Write the head into the day's file, ``audit-2026-11-24.json``, and return its path."""
    file = daily_file(directory, at)
    directory.mkdir(parents=True, exist_ok=True)
    scratch = file.with_suffix(f".{os.getpid()}.new")  # several processes may find that the day has none
    scratch.write_text(canonical({**asdict(head(session)), "at": at}) + "\n", encoding="utf-8")
    scratch.replace(file)
    return file


def anchored(directory: Path) -> list[Head]:
    """Return the heads that were anchored in a directory, oldest first."""
    contents = [json.loads(file.read_text(encoding="utf-8")) for file in sorted(directory.glob("audit-*.json"))]
    return [Head(content["seq"], content["hash"]) for content in contents]


def state_at(session: Session, object_: str, at: datetime) -> dict[str, Any]:
    """Return the fields of an object as they were at a time; none when it was not there yet."""
    rows = select(AuditRow.after).where(AuditRow.object == object_, AuditRow.outcome == "done", AuditRow.at <= at)
    state: dict[str, Any] = {}
    for after in session.scalars(rows.order_by(AuditRow.seq)):
        state |= json.loads(after)
    return state
