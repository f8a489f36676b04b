"""The audit against its keepers: who has the database, the files and even the key changes nothing unseen."""

import gzip
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text, update
from sqlalchemy.orm import Session

from control.fault import Refused
from control.registry.audit import chain
from control.registry.jobs import calendar
from control.registry.store import backup
from control.registry.store.database import Database
from control.registry.store.model import AuditRow, Ledger
from control.witness.head import read, sign
from tests.registry.cast import OPERATOR, RULES, SECOND, register
from tests.registry.conftest import found
from tests.registry.key import key
from tests.registry_audit.house import House
from tests.registry_audit.manipulations import BY_SQL

pytestmark = pytest.mark.tampered


def test_whatever_is_done_by_sql_is_found_with_what_and_where(house: House) -> None:
    missed = {}
    with house.database.reading() as session:
        last = chain.last(session).seq
    places = house.ids | {"last-2": str(last - 2), "last": str(last)}
    for name, (statements, where, what) in BY_SQL.items():
        for place, value in places.items():
            where = where.replace("{" + place + "}", value)
        findings = house.tried(*statements.split(";"))
        if not any(each.where == where and what in each.what for each in findings):
            missed[name] = (where, what, findings)
    assert missed == {}
    assert house.found() == []


def rewrite(session: Session) -> None:
    """Write the chain anew in another officer's name, with hashes that fit."""
    before = chain.START
    for row in session.execute(AuditRow.__table__.select().order_by(AuditRow.seq)).mappings().all():
        anew = {name: value for name, value in row.items() if name != "hash"}
        anew["actor"] = anew["actor"].replace("officer", "second officer")
        before = chain._hash(before, anew)
        changed = update(AuditRow).where(AuditRow.seq == row["seq"])
        session.execute(changed.values(actor=anew["actor"], hash=before))
    session.execute(update(Ledger).values(audit_hash=before))


def rewrite_all(session: Session) -> None:
    """Do that, and have the heads signed anew: the keeper has the key as well."""
    rewrite(session)
    hashes = {row.seq: row.hash for row in session.execute(text("SELECT seq, hash FROM audit"))}
    for number, line in session.execute(text("SELECT number, line FROM audit_head")).all():
        head = read(line).head
        anew = sign(key().read().heads, replace(head, hash=hashes[head.seq].hex()))
        values = {"line": anew.line, "number": number}
        session.execute(text("UPDATE audit_head SET line = :line WHERE number = :number"), values)


def test_a_chain_written_anew_differs_from_the_heads(house: House) -> None:
    house.changed(rewrite)
    places = {each.what.partition(":")[0] for each in house.found()}
    (file,) = house.files.iterdir()
    heads = ("head 1", "head 2", "head 2 of edge north", f"head 1 of {file.name}")
    assert places >= {f"differs from {head}" for head in heads}


def test_heads_signed_anew_are_found_by_what_an_edge_has_kept(house: House) -> None:
    house.changed(rewrite_all)
    for file in house.files.iterdir():
        file.unlink()
    assert house.found(with_edge=False) == []  # nothing on the keeper's own machine can tell
    assert [each for each in house.found() if each.what.startswith("differs from head 2 of edge north")]


def test_tables_that_are_to_be_told_again_are_said(house: House) -> None:
    house.sql("UPDATE registration SET state = 'suspended' WHERE id = '{live}'", "UPDATE ledger SET told = ''")
    house.database.upgrade()
    assert [each for each in house.found() if "as they stood then, after head 1" in each.what]


FILES: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "altered": (lambda head: head | {"hash": "00" * 32}, "altered: its signature"),
    "of another time": (lambda head: head | {"at": "2020-01-01T00:00:00+00:00"}, "altered: its signature"),
    "unsigned": (lambda head: {name: head[name] for name in ("seq", "hash", "at")}, "is not signed"),
    "half": (lambda head: {"seq": head["seq"]}, "altered: number is no number"),
    "signed by another": (lambda head: head | {"key": "00" * 32}, "is signed by the key 0000"),
}


@pytest.mark.parametrize("name", FILES)
def test_what_is_done_to_a_file_is_found(house: House, name: str) -> None:
    change, what = FILES[name]
    (file,) = house.files.iterdir()
    file.write_text(json.dumps(change(json.loads(file.read_text()))), encoding="utf-8")
    assert [each for each in house.found() if file.name in each.where and what in each.what], house.found()


def test_a_file_that_is_cut_is_found(house: House) -> None:
    (file,) = house.files.iterdir()
    file.write_bytes(file.read_bytes()[:100])
    assert [each for each in house.found() if each.where == f"{file.name}, line 1" and "no JSON" in each.what]


def test_a_backup_put_back_is_found_by_what_an_edge_has_kept(
    house: House, new_registry_url: Callable[[], str], tmp_path: Path
) -> None:
    file = tmp_path / "backup.gz"
    backup.write(house.database, file)
    register(house.database, house.cast, "10.7.7.7")
    calendar.sign_head(house.database, now=True)
    kept = house.heads()
    other = Database(new_registry_url(), RULES, house.clock, house.clock.uptime, key())
    backup.restore(other, file, OPERATOR)
    assert found(other) == []  # by itself it is a registry as good as any
    wheres = {each.where: each.what for each in found(other, kept)}
    assert "differs from" in " ".join(wheres.values()) or "removed" in " ".join(wheres.values())
    assert "is gone: it was given, by head 3 of edge north" in wheres["serial 4"]
    other.close()


def test_a_backup_that_somebody_wrote_in_is_not_restored(
    house: House, new_registry_url: Callable[[], str], tmp_path: Path
) -> None:
    file = tmp_path / "backup.gz"
    backup.write(house.database, file)
    lines = gzip.decompress(file.read_bytes()).decode()
    file.write_bytes(gzip.compress(lines.replace('"First Officer"', '"Last Officer"').encode()))
    other = Database(new_registry_url(), RULES, house.clock, house.clock.uptime, key())
    with pytest.raises(Refused, match="name is Last Officer"):
        backup.restore(other, file, SECOND)
    other.close()
