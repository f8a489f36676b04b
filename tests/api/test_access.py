"""Who may: the token's file, and what needs the token where."""

import multiprocessing
import stat
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

from api.application import create_app
from api.kit.door import Doorkeeper, is_loopback
from api.kit.token import TokenFile
from control import config as configuration
from control.fault import Refused
from lab.gateway import Gateway, configure

OPEN = ("/v1/check?address=192.0.2.1", "/healthz", "/readyz", "/openapi.json")
GUARDED = ("/v1/allowlist", "/v1/bypass", "/v1/policy", "/v1/status", "/metrics")


def test_the_token_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    file = TokenFile(tmp_path / "new" / "token")
    file.ensure()
    token = file.read()
    file.ensure()
    assert file.read() == token
    assert len(token) == 43  # 256 bits, six a letter
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
    assert [each.name for each in file.path.parent.iterdir()] == ["token"]


def test_processes_that_start_at_once_use_one_token(tmp_path: Path) -> None:
    # No Pool: it ends workers by SIGTERM, a KeyboardInterrupt here (conftest) and at times lost in a finaliser.
    with ProcessPoolExecutor(8, multiprocessing.get_context("fork")) as pool:
        tokens = list(pool.map(make_and_read, [tmp_path / str(number % 20) for number in range(400)]))
    by_file = {(number % 20, token) for number, token in enumerate(tokens)}
    assert len(by_file) == 20


def make_and_read(path: Path) -> str:
    file = TokenFile(path)
    file.ensure()
    return file.read()


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda path: path.chmod(0o640), "others than its owner"),
        (lambda path: path.write_text("\n"), "empty"),
        (lambda path: path.write_bytes(b"\xff"), "cannot be read"),
        (lambda path: (path.unlink(), path.mkdir()), "cannot be read"),
    ],
)
def test_a_spoilt_token_file_opens_for_nobody(tmp_path: Path, spoil: Callable[[Path], object], why: str) -> None:
    file = TokenFile(tmp_path / "token")
    file.ensure()
    spoil(file.path)
    with pytest.raises(Refused) as refused:
        file.read()
    assert refused.value.kind == "bad-configuration"
    assert why in refused.value.faults[0].why
    assert str(file.path) == refused.value.faults[0].where


def test_a_new_token_holds_from_the_next_request_on(gateway: Gateway) -> None:
    old = gateway.token
    gateway.token_file.write_text("another\n")
    try:
        assert gateway.ask("PATCH", "/v1/allowlist", {}, token=old).kind == "unauthorized"
        assert gateway.ask("PATCH", "/v1/allowlist", {}, token="another").status == 200
    finally:
        gateway.token_file.write_text(f"{old}\n")


def test_a_refusal_challenges(gateway: Gateway) -> None:
    missing = gateway.ask("PUT", "/v1/policy", {}, token=None)
    assert missing.headers["www-authenticate"] == 'Bearer realm="wicketgate"'
    wrong = gateway.ask("PUT", "/v1/policy", {}, token="wrong")
    assert wrong.headers["www-authenticate"] == 'Bearer realm="wicketgate", error="invalid_token"'
    basic = gateway.ask("PUT", "/v1/policy", {}, token=None, Authorization="Basic dTpw")
    assert basic.kind == "unauthorized"


@pytest.mark.parametrize("path", OPEN + GUARDED)
def test_reading_needs_no_token_on_loopback(gateway: Gateway, path: str) -> None:
    assert gateway.ask("GET", path, token=None).status == 200


@pytest.mark.parametrize("path", OPEN + GUARDED)
def test_reading_needs_the_token_where_strangers_reach_the_api(tmp_path: Path, path: str) -> None:
    """No server is started on such an address: the application alone is asked, without an agent."""
    config = configuration.load(configure(tmp_path, tmp_path, 8080))
    api = config.api.model_copy(update={"listen": "0.0.0.0:8080"})
    app = create_app(config.model_copy(update={"api": api}))
    client = app.test_client()
    asked = client.get(path)
    assert (asked.status_code == 401) == (path in GUARDED)
    token = config.token_file.read_text().strip()
    assert client.get(path, headers={"Authorization": f"Bearer {token}"}).status_code in {200, 503}


@pytest.mark.parametrize(
    ("listen", "loopback"),
    [
        ("127.0.0.1:8080", True),
        ("127.8.8.8:1", True),
        ("[::1]:8080", True),
        ("localhost:8080", True),
        ("0.0.0.0:8080", False),
        ("[::]:8080", False),
        (":8080", False),
        ("192.0.2.1:80", False),
        ("gateway.example:80", False),
    ],
)
def test_what_counts_as_loopback(tmp_path: Path, listen: str, loopback: bool) -> None:
    assert is_loopback(listen) is loopback
    assert Doorkeeper(listen, TokenFile(tmp_path)).loopback is loopback
