"""Settings that are secret, as systemd's credentials; and passwords, which nothing repeats."""

import os
from pathlib import Path

import pytest

from api.kit.token import gateway_token
from control.config import Config, credentials, load, reading
from control.fault import Refused, shown

FEED, REGISTRY = "wicketgate.feed.url", "wicketgate.registry.url"
URL = "postgresql://wicket:open-sesame@db.example/registry"
SECRET = "open-sesame"


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The directory of the service's own credentials."""
    directory = tmp_path / "own"
    directory.mkdir()
    monkeypatch.setenv(credentials.DIRECTORY, str(directory))
    return directory


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The machine's store, for whoever is no service."""
    directory = tmp_path / "store"
    directory.mkdir()
    monkeypatch.delenv(credentials.DIRECTORY, raising=False)
    monkeypatch.setattr(credentials, "STORE", directory)
    return directory


def loaded(tmp_path: Path, text: str = "") -> Config:
    file = tmp_path / "wicket.toml"
    file.write_text(text)
    return load(file)


def refusal(tmp_path: Path, text: str = "") -> Refused:
    with pytest.raises(Refused) as refused:
        loaded(tmp_path, text)
    assert refused.value.kind == "bad-configuration"
    assert refused.value.__cause__ is None and SECRET not in f"{refused.value}{refused.value!r}"
    return refused.value


@pytest.mark.parametrize("place", ["own", "store"])
def test_a_setting_comes_from_a_credential(place: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    directory: Path = request.getfixturevalue(place)
    (directory / FEED).write_text(URL + "\n")
    (directory / REGISTRY).write_text("sqlite:////srv/registry.db")
    config = loaded(tmp_path, '[feed]\nname = "edge-1"\n')
    assert (config.feed.url, config.feed.name, config.registry_url) == (URL, "edge-1", "sqlite:////srv/registry.db")


def test_a_service_has_its_own_alone(own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(credentials, "STORE", tmp_path)
    (tmp_path / FEED).write_text(URL)
    assert loaded(tmp_path).feed.url == ""


def test_two_places_are_one_too_many(own: Path, tmp_path: Path) -> None:
    (own / FEED).write_text(URL)
    refused = refusal(tmp_path, f'lease = "1s"\n[feed]\nurl = "{URL}"\n')
    assert [fault.where for fault in refused.faults] == ["line 1, lease", "line 3, feed.url"]
    assert f"the credential {FEED} ({own / FEED}) says it as well" in refused.faults[1].why


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "is empty"),
        (b"\n", "is empty"),
        (b"\xffopen-sesame", "is not UTF-8 text"),
        (b"open-sesame", "is no URL of a database"),
        (b"postgres://u:open-sesame@db/name", "is no URL of a database"),
        (b"postgresql://u:open-sesame@db/na me", "is no URL of a database"),
        (b"postgresql://u:open-sesame@db/name\nanother line", "is no URL of a database"),
        (b"postgresql://u:open-sesame/x@db/name", "cannot be told apart"),
        (b"postgresql://u:open-sesame#1@db/name", "cannot be told apart"),
        (b"postgresql://u:open-sesame?@db/name", "cannot be told apart"),
        (b"postgresql://u:1/open-sesame@db/name", "cannot be told apart"),
        (b"postgresql://u:open@sesame-open-sesame@db/name", "cannot be told apart"),
        (b"postgresql://u@db:open-sesame/name", "cannot be told apart"),
        (b"postgresql://[open-sesame/name", "cannot be told apart"),
        (b"postgresql://u@db/name?password=open-sesame", "is among the options"),
    ],
)
def test_a_malformed_one_is_refused_and_not_shown(own: Path, tmp_path: Path, content: bytes, why: str) -> None:
    (own / FEED).write_bytes(content)
    [fault] = refusal(tmp_path).faults
    assert fault.where == f"credential {FEED} ({own / FEED})"
    assert why in fault.why


@pytest.mark.parametrize("url", ["postgres://u:open-sesame@db/n", "postgresql://u:open-sesame@db:x/n"])
def test_nor_is_a_password_in_the_file(tmp_path: Path, url: str) -> None:
    for text in (f'[feed]\nurl = "{url}"', f'feed = "{url}"', f'instance = "{url}"', f'interfaces = "{url}"'):
        refusal(tmp_path, text)


@pytest.mark.parametrize(
    "url",
    [
        URL,
        "postgresql://wicket:a%40b%2Fc%3A@db.example:5432/registry?sslmode=verify-full",
        "postgresql://u:p@[2001:db8::1]:5432/r",
        "postgresql:///r?host=/run/postgresql",
        "sqlite:////a/b@c.db",
    ],
)
def test_good_urls(own: Path, tmp_path: Path, url: str) -> None:
    (own / FEED).write_text(url)
    assert loaded(tmp_path).feed.url == url


def test_a_shown_value_has_no_password() -> None:
    assert shown(f"x {URL} y") == "x postgresql://…@db.example/registry y"


def test_a_token_that_is_none(own: Path) -> None:
    (own / credentials.API_TOKEN).write_text(f"{SECRET} with spaces in it")
    with pytest.raises(Refused) as refused:
        gateway_token(Config())
    assert "is no bearer token" in str(refused.value) and SECRET not in str(refused.value)


def test_the_api_and_the_registry_have_a_file_of_their_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    edge, api, named = (tmp_path / f"{name}.toml" for name in ("wicket", "api", "named"))
    for file in (edge, named):
        file.write_text(f'instance = "{file.stem}"')
    monkeypatch.setattr(reading, "DEFAULT_PATH", edge)
    monkeypatch.setattr(reading, "API_PATH", api)
    monkeypatch.delenv(reading.ENVIRONMENT, raising=False)
    assert [load(for_api=of).instance for of in (False, True)] == ["wicket", "wicket"]
    api.write_text('instance = "api"')
    assert [load(for_api=of).instance for of in (False, True)] == ["wicket", "api"]
    monkeypatch.setenv(reading.ENVIRONMENT, str(named))
    assert [load(for_api=of).instance for of in (False, True)] == ["named", "named"]


def test_what_root_makes_belongs_to_the_directorys_owner(tmp_path: Path) -> None:
    from control.registry.store.database import Database

    directory = tmp_path / "state"
    directory.mkdir()
    os.chown(directory, 12345, 23456)
    database = Database(f"sqlite:///{directory}/registry.db")
    database.upgrade()
    try:
        owners = {(each.name, each.stat().st_uid, each.stat().st_gid) for each in directory.iterdir()}
    finally:
        database.close()
    assert owners >= {("registry.db", 12345, 23456), ("registry.db.lock", 12345, 23456)}
    assert {owner[1:] for owner in owners} == {(12345, 23456)}
