"""Backup and restore: every table as lines of JSON, gzipped, from one read transaction, for both databases.

Readers and the writer do not wait for each other, so a backup can be made while the registry runs, and is the state
of one moment. It holds no key. A restored registry begins a new epoch, because serials given after the backup may be
out there already, has all tokens revoked, and audits that it was restored.
"""

import gzip
import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import chain, islice
from pathlib import Path
from typing import IO, Any

from sqlalchemy import LargeBinary, Table, func, insert, select, update
from sqlalchemy.orm import Session

from control.fault import Fault, Kind, Refused
from control.registry.access.actor import Actor
from control.registry.audit import chain as audit
from control.registry.audit import telling, verify
from control.registry.progress import Progress, no_progress
from control.registry.store import contents, revision, rows
from control.registry.store.contents import FORMAT, TITLE, BadBackup
from control.registry.store.database import Database
from control.registry.store.model import Base, Ledger, Token
from control.registry.store.model.base import Moment
from control.registry.store.writing import Writing

MOST_FAULTS = 100
"""Faults of a backup that are named."""

BATCH = 2000
"""Rows read and written at a time."""

TABLES: tuple[Table, ...] = tuple(Base.metadata.sorted_tables)
"""Every table, those first that others refer to."""


def write(database: Database, file: Path, progress: Progress = no_progress) -> int:
    """Write everything into a new file, which is there only when it is complete; return the number of rows.

    Raises:
        Refused: "unavailable"; "no-room"; "conflict": the file is there; "unreadable": it cannot be written.
    """
    if file.exists():
        raise _taken(file)
    scratch = file.with_name(f".{file.name}.{os.getpid()}.new")
    try:
        with os.fdopen(os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as raw:
            with database.reading() as session, gzip.open(raw, "wt", 6, encoding="utf-8") as out:
                count = _write(session, out, database.now(), progress)
            raw.flush()
            os.fsync(raw.fileno())
        os.link(scratch, file)  # a link, unlike a rename, takes no file's place
    except FileExistsError:
        raise _taken(file) from None
    except OSError as error:
        raise Refused(Kind.UNREADABLE, "The backup cannot be written", [contents.unreadable(file, error)]) from error
    finally:
        scratch.unlink(missing_ok=True)
    return count


def restore(database: Database, file: Path, actor: Actor, progress: Progress = no_progress) -> audit.LastRow:
    """Fill an empty database from a backup, in one transaction; return the head of the audit that came with it.

    Raises:
        Refused: "conflict": the database is not empty; "unreadable": the file is no backup, cut off, from another
            version, or its tables are not what its audit says; "unavailable"; "no-room".
    """
    database.upgrade()
    with database.writing(actor) as writing:
        writing.set_action("registry.restore")
        _demand_empty(writing.session)
    try:
        with gzip.open(file, "rt", encoding="utf-8") as lines, database.writing(actor) as writing:
            _demand_empty(writing.session)
            count = _read(writing.session, file, iter(lines), progress)
            _demand_whole_chain(writing.session, file)
            head = audit.last(writing.session)
            writing.session.execute(update(Ledger).values(epoch=os.urandom(16)))
            revoked = _revoke_all(writing)
            what = {"rows": count, "audit_seq": head.seq, "audit_hash": head.hash, "tokens_revoked": revoked}
            writing.record("registry.restore", "", {}, what)
            telling.tell_list(writing)
            writing.sign_head()
            return head
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise Refused(Kind.UNREADABLE, TITLE, [contents.unreadable(file, error)]) from error
    except BadBackup as bad:
        raise Refused(Kind.UNREADABLE, TITLE, bad.faults) from bad


def _revoke_all(writing: Writing) -> int:
    """Revoke every token: one that was revoked after the backup must not be good again, and nobody knows which."""
    good = list(writing.session.scalars(select(Token).where(Token.revoked_at.is_(None))))
    for token in good:
        rows.change(writing, "token.revoke", token, {"revoked_at": writing.now})
    return len(good)


def _write(session: Session, out: IO[str], at: datetime, progress: Progress) -> int:
    counts = {table.name: session.scalar(select(func.count()).select_from(table)) or 0 for table in TABLES}
    total, done = sum(counts.values()), 0
    header = {"format": FORMAT, "revision": revision.now(session), "at": at.isoformat(), "rows": counts}
    out.write(json.dumps(header) + "\n")
    for table in TABLES:
        names = [column.name for column in table.columns]
        out.write(json.dumps({"table": table.name, "columns": names}) + "\n")
        rows = session.execute(select(table).execution_options(yield_per=BATCH))
        for batch in rows.partitions():
            out.writelines(json.dumps(list(row), default=_plain, ensure_ascii=False) + "\n" for row in batch)
            done += len(batch)
            progress(done, total)
    out.write(json.dumps({"end": done}) + "\n")
    return done


def _plain(value: object) -> str:
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    raise TypeError(f"not for a backup: {value!r}")


def _read(session: Session, file: Path, lines: Iterator[str], progress: Progress) -> int:
    """Insert what the lines say, and return how many rows that were."""
    header = contents.parsed(file, next(lines, ""))
    _demand_format(session, file, header)
    total, done = sum(header["rows"].values()), 0
    tables = {table.name: table for table in TABLES}
    table, names, pending = TABLES[0], list[str](), list[dict[str, Any]]()
    for line in lines:
        row = contents.parsed(file, line)
        if isinstance(row, list):
            pending.append(_values(table, names, row))
            done += 1
        if len(pending) >= BATCH or not isinstance(row, list):
            _insert(session, table, pending)
            pending = []
            progress(done, total)
        if isinstance(row, dict) and "end" in row:
            if row["end"] == done == total:
                return done
            break
        if isinstance(row, dict):
            table, names = tables[row["table"]], row["columns"]
    raise contents.cut_off(file, done, total)


def _values(table: Table, names: list[str], row: list[Any]) -> dict[str, Any]:
    return {name: _value(table, name, value) for name, value in zip(names, row, strict=True)}


def _value(table: Table, name: str, value: Any) -> Any:
    kind = table.columns[name].type
    if value is None:
        return None
    if isinstance(kind, LargeBinary):
        return bytes.fromhex(value)
    return datetime.fromisoformat(value) if isinstance(kind, Moment) else value


def _insert(session: Session, table: Table, rows: list[dict[str, Any]]) -> None:
    if not rows:
        return
    if table is Ledger.__table__:
        # The key is this registry's own.
        kept = {name: value for name, value in rows[0].items() if name not in ("secret", "key_name")}
        session.execute(update(Ledger).values(kept))  # its one row is there, held by this transaction
    else:
        session.execute(insert(table), rows)


def _demand_empty(session: Session) -> None:
    tables = [table for table in TABLES if table is not Ledger.__table__]
    held = [table.name for table in tables if session.execute(select(table).limit(1)).first()]
    if held:
        fault = Fault("the database", f"has rows already, in {', '.join(held)}", "restore into an empty one")
        raise Refused(Kind.CONFLICT, "The registry is not empty", [fault])


def _demand_format(session: Session, file: Path, header: Any) -> None:
    contents.demand_header(file, header)
    if header["revision"] != (here := revision.now(session)):
        why = f"is of the tables' revision {header['revision']}, and they are {here} here"
        raise BadBackup([Fault(str(file), why, "restore it with the version that wrote it, and upgrade then")])


def _demand_whole_chain(session: Session, file: Path) -> None:
    faults = [
        Fault(finding.where, finding.what, "take another backup, and find out who changed this one")
        for finding in islice(chain(audit.verify(session), verify.tables(session)), MOST_FAULTS)
    ]
    if faults:
        raise BadBackup(faults)


def _taken(file: Path) -> Refused:
    fault = Fault(str(file), "is there already", "name another file: no backup takes another's place")
    return Refused(Kind.CONFLICT, "The backup would overwrite a file", [fault])
