"""The registry's key: beside its database, never in it, and the same wherever the registry is served."""

import hashlib
import hmac
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from control.config import credentials
from control.fault import Refused
from control.registry.access import tokens
from control.registry.access.tokens import NewToken
from control.registry.parties import persons
from control.registry.parties.persons import PersonText
from control.registry.store.database import Database
from control.registry.store.keys import KeyFile, Keys
from tests.registry.cast import OPERATOR


@pytest.fixture
def file(tmp_path: Path) -> KeyFile:
    return KeyFile(tmp_path / "state" / "registry-key")


def opened(url: str, file: KeyFile) -> Database:
    database = Database(url, key=file)
    try:
        database.upgrade()
    except Refused:
        database.close()
        raise
    return database


def test_an_earlier_versions_key_leaves_the_database_and_its_tokens_stay_good(
    new_url: Callable[[], str], file: KeyFile
) -> None:
    url = new_url()
    old = Database(url)
    old.upgrade("0006")
    with old.reading() as session:
        secret = bytes(session.execute(text("SELECT secret FROM ledger")).scalar_one())
    old.close()
    database = opened(url, file)
    with database.reading() as session:
        assert session.execute(text("SELECT secret FROM ledger")).scalar_one() is None
    assert database.keys.of_token("wkt_x") == hmac.digest(secret, b"wkt_x", hashlib.sha256)
    assert file.path.stat().st_mode & 0o777 == 0o600
    database.close()


def test_a_machine_with_another_key_says_so(new_url: Callable[[], str], file: KeyFile, tmp_path: Path) -> None:
    url = new_url()
    opened(url, file).close()
    other = KeyFile(tmp_path / "other")
    other.made()
    with pytest.raises(Refused, match="and the registry's is"):
        opened(url, other)
    with pytest.raises(Refused, match="copy the one that the registry has elsewhere"):
        opened(url, KeyFile(tmp_path / "nowhere"))


def test_a_credential_is_as_good_as_a_file(file: KeyFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(credentials.DIRECTORY, str(tmp_path))
    (tmp_path / credentials.REGISTRY_KEY).write_text("ab" * 32)
    assert file.made().name == Keys(b"\xab" * 32).name
    assert not file.path.exists()


@pytest.mark.parametrize(("contents", "why"), [("", "is no key"), ("xx", "is no key"), ("ab" * 31, "is no key")])
def test_what_is_no_key(file: KeyFile, contents: str, why: str) -> None:
    file.made()
    file.path.write_text(contents)
    with pytest.raises(Refused, match=why):
        file.read()


def test_a_key_that_others_may_read_is_refused(file: KeyFile) -> None:
    file.made()
    file.path.chmod(0o640)
    with pytest.raises(Refused, match="others than its owner may read it"):
        file.read()


@pytest.mark.tampered
def test_who_has_the_database_alone_makes_no_token(database: Database) -> None:
    """Not by any digest that he can compute from what is there."""
    with database.writing(OPERATOR) as writing:
        officer = persons.create(writing, PersonText(name="Officer", roles=["officer"])).id
        token = tokens.create(writing, NewToken("mine", ("officer",), officer, timedelta(days=1)))[0]
        digests = hashlib.sha256(b"wkt_made").digest(), hmac.digest(token.digest, b"wkt_made", hashlib.sha256)
        known = [bytes(32), *digests]
    for digest in known:
        with database.writing(OPERATOR) as writing:
            writing.session.execute(text("UPDATE token SET digest = :digest"), {"digest": digest})
        with database.reading() as session, pytest.raises(Refused):
            tokens.authenticate(session, database.keys, "wkt_made", database.now())
