"""A backup is one moment of a running registry, and what is restored from it is the same registry."""

import gzip
import json
import re
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import select

from control.fault import Refused
from control.registry.access import tokens
from control.registry.access.tokens import NewToken
from control.registry.audit import chain as audit
from control.registry.parties import persons, providers, registrants
from control.registry.parties.persons import PersonText
from control.registry.parties.providers import ProviderText
from control.registry.parties.registrants import RegistrantNew
from control.registry.publication import serials
from control.registry.store import backup
from control.registry.store.database import Database
from control.registry.store.model import AuditRow, Base, Ledger
from tests.registry.cast import OFFICER, OPERATOR, Cast, apply, assemble, register
from tests.registry.clock import Clock
from tests.registry.key import key


@pytest.fixture
def other(new_url: Callable[[], str], database: Database, clock: Clock) -> Database:
    """An empty database to restore into."""
    return Database(new_url(), database.rules, clock, key=key())


def contents(database: Database) -> dict[str, list[str]]:
    with database.reading() as session:
        return {
            table.name: sorted(map(repr, session.execute(select(table))))
            for table in Base.metadata.sorted_tables
            if table.name not in ("ledger", "audit", "token")
        }


def filled(database: Database) -> str:
    """Do a bit of everything, and return a token."""
    cast = assemble(database)
    register(database, cast, "10.0.0.1", {"prefix": "10.1.0.0/24", "protocols": ["wireguard"], "ports": [51820]})
    apply(database, cast, ["fd00::1"])
    with database.writing(OPERATOR) as writing:
        auditor = persons.create(writing, PersonText(name="Auditor", roles=["auditor"]))
        return tokens.create(writing, NewToken("for a test", ("auditor",), auditor.id, tokens.LONGEST))[1]


def test_everything_comes_back(database: Database, other: Database, tmp_path: Path) -> None:
    secret = filled(database)
    backup.write(database, tmp_path / "backup")
    head = backup.restore(other, tmp_path / "backup", OPERATOR)
    assert contents(other) == contents(database)
    with database.reading() as old, other.reading() as new:
        assert head == audit.head(old)
        assert not list(audit.verify(new, [head]))
        assert serials.snapshot(new).entries == serials.snapshot(old).entries
        tokens.authenticate(old, database.keys, secret, other.now())
        with pytest.raises(Refused, match="The token is not good"):
            tokens.authenticate(new, other.keys, secret, other.now())
    assert register(other, others(other), "10.9.0.1")  # it goes on
    other.close()


def others(database: Database) -> Cast:
    """Enter a cast of other names."""
    with database.writing(OFFICER) as writing:
        made = registrants.create_many(
            writing, [RegistrantNew(kind="organisation", name=name) for name in ("New", "Newer")]
        )
        return Cast(made[0].id, made[1].id, providers.create(writing, ProviderText(name="New provider")).id)


def test_a_restored_registry_says_so_and_begins_a_new_epoch(
    database: Database, other: Database, tmp_path: Path
) -> None:
    filled(database)
    backup.write(database, tmp_path / "backup")
    backup.restore(other, tmp_path / "backup", OPERATOR)
    with other.reading() as new, database.reading() as old:
        assert serials.head(new).epoch != serials.head(old).epoch
        assert serials.head(new).serial == serials.head(old).serial
        last = new.scalars(select(AuditRow).order_by(AuditRow.seq.desc()).limit(1)).one()
        assert (last.action, last.actor) == ("registry.restore", OPERATOR.id)
    other.close()


def test_a_backup_can_be_taken_from_one_database_to_the_other_kind(
    database: Database, tmp_path: Path, clock: Clock
) -> None:
    filled(database)
    backup.write(database, tmp_path / "backup")
    other = Database(f"sqlite:///{tmp_path}/other.db", database.rules, clock, key=key())
    backup.restore(other, tmp_path / "backup", OPERATOR)
    assert contents(other) == contents(database)
    other.close()


def test_a_registry_with_rows_is_not_overwritten(database: Database, tmp_path: Path) -> None:
    filled(database)
    backup.write(database, tmp_path / "backup")
    before = contents(database)
    with pytest.raises(Refused, match="not empty"):
        backup.restore(database, tmp_path / "backup", OPERATOR)
    assert contents(database) == before


def test_a_backup_is_for_its_owner_alone(database: Database, tmp_path: Path) -> None:
    backup.write(database, tmp_path / "backup")
    assert (tmp_path / "backup").stat().st_mode & 0o777 == 0o600
    assert [file.name for file in tmp_path.iterdir() if "backup" in file.name] == ["backup"]


def rewrite(file: Path, change: Callable[[list[str]], list[str]]) -> None:
    lines = gzip.decompress(file.read_bytes()).decode().splitlines()
    file.write_bytes(gzip.compress("".join(f"{line}\n" for line in change(lines)).encode()))


def _altered(lines: list[str]) -> list[str]:
    """Put another actor into the first row of the audit."""
    place = next(place for place, line in enumerate(lines) if '"table": "audit"' in line)
    row = json.loads(lines[place + 1])
    row[json.loads(lines[place])["columns"].index("actor")] = "somebody else"
    return [*lines[: place + 1], json.dumps(row), *lines[place + 2 :]]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda lines: lines[:-1], "is cut off"),
        (lambda lines: lines[:-5] + lines[-1:], "is cut off"),
        (lambda lines: ["{}", *lines], "is no backup"),
        (lambda lines: [re.sub('"00[0-9]{2}"', '"9999"', lines[0]), *lines[1:]], "revision 9999"),
        (lambda lines: [lines[0], "nonsense"], "is no JSON"),
        (_altered, "audit row 1: altered"),
    ],
)
def test_a_backup_that_was_tampered_with_leaves_the_database_empty(
    database: Database, other: Database, tmp_path: Path, change: Callable[[list[str]], list[str]], why: str
) -> None:
    filled(database)
    backup.write(database, tmp_path / "backup")
    rewrite(tmp_path / "backup", change)
    with pytest.raises(Refused, match=why):
        backup.restore(other, tmp_path / "backup", OPERATOR)
    assert not any(contents(other).values())
    backup.write(database, tmp_path / "another")
    backup.restore(other, tmp_path / "another", OPERATOR)  # the refusal is in nobody's way
    other.close()


def test_no_backup_takes_anothers_place(database: Database, tmp_path: Path) -> None:
    (tmp_path / "backup").write_text("of last year")
    with pytest.raises(Refused) as refused:
        backup.write(database, tmp_path / "backup")
    assert refused.value.kind == "conflict"
    assert (tmp_path / "backup").read_text() == "of last year"
    assert [file.name for file in tmp_path.glob("*backup*")] == ["backup"]


def test_a_half_copied_file_is_told(database: Database, other: Database, tmp_path: Path) -> None:
    filled(database)
    backup.write(database, tmp_path / "backup")
    whole = (tmp_path / "backup").read_bytes()
    (tmp_path / "backup").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(Refused, match="cannot be restored"):
        backup.restore(other, tmp_path / "backup", OPERATOR)
    other.close()


def test_a_backup_of_a_running_registry_is_one_moment(database: Database, other: Database, tmp_path: Path) -> None:
    """While a writer enters providers, each with its audit row, a backup has as many of the one as of the other."""
    stop = threading.Event()

    def enter() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            with database.writing(OPERATOR) as writing:
                providers.create(writing, ProviderText(name=f"Provider {number}"))

    writer = threading.Thread(target=enter)
    writer.start()
    try:
        for place in range(5):
            backup.write(database, tmp_path / f"backup{place}")
    finally:
        stop.set()
        writer.join()
    backup.restore(other, tmp_path / "backup4", OPERATOR)
    with other.reading() as session:
        rows = session.scalars(select(AuditRow.object).where(AuditRow.action == "provider.create")).all()
        assert len(rows) == len(contents(other)["provider"]) > 0
        assert session.scalars(select(Ledger.audit_seq)).one() == len(rows) + 1
    other.close()
