"""Idempotency-Key: once, whoever asks again and however many at once."""

import secrets
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from control import config as configuration
from lab.gateway import Answer
from tests.api_registry.world import World


def test_a_post_needs_a_key(world: World) -> None:
    assert world.ask("POST", "/v1/providers", {"name": "x"}, Idempotency_Key="").kind == "bad-request"
    assert world.ask("POST", "/v1/providers", {"name": "x"}, Idempotency_Key="a b").kind == "bad-request"


def test_the_same_request_gets_the_same_answer(world: World) -> None:
    body, key = {"name": f"Provider {world.address()}"}, secrets.token_hex(8)
    first = world.ask("POST", "/v1/providers", body, Idempotency_Key=key)
    again = world.ask("POST", "/v1/providers", body, Idempotency_Key=key)
    assert (first.status, first.body) == (again.status, again.body)
    assert [first.headers[name] == again.headers[name] for name in ("location", "etag", "content-type")] == [True] * 3
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"
    assert first.headers["x-request-id"] != again.headers["x-request-id"]


def test_a_key_is_for_one_request_of_one_holder(world: World) -> None:
    key = secrets.token_hex(8)
    bodies = [{"name": f"Provider {world.address()}"} for _ in range(3)]
    assert world.ask("POST", "/v1/providers", bodies[0], Idempotency_Key=key).status == 201
    assert world.ask("POST", "/v1/providers", bodies[1], Idempotency_Key=key).kind == "idempotency"
    assert world.ask("POST", "/v1/registrants", bodies[0], Idempotency_Key=key).kind == "idempotency"
    assert world.ask("POST", "/v1/providers", bodies[2], "second", Idempotency_Key=key).status == 201


def test_a_refusal_gives_the_key_back(world: World) -> None:
    key = secrets.token_hex(8)
    assert world.ask("POST", "/v1/providers", {"name": ""}, Idempotency_Key=key).status == 422
    mended = {"name": f"Provider {world.address()}"}
    assert world.ask("POST", "/v1/providers", mended, Idempotency_Key=key).status == 201


def test_of_many_at_once_one_does_it(world: World) -> None:
    key, body = secrets.token_hex(8), {"name": f"At once {world.address()}"}

    def send(_: int) -> Answer:
        return world.ask("POST", "/v1/providers", body, Idempotency_Key=key)

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(send, range(16)))
    assert {answer.status for answer in answers} <= {201, 409}
    assert {answer.kind for answer in answers if answer.status == 409} <= {"in-flight"}
    assert len({answer.body for answer in answers if answer.status == 201}) == 1
    assert len(world.ask("GET", f"/v1/providers?name={body['name'].replace(' ', '%20')}").json["items"]) == 1


@pytest.fixture
def file(world: World) -> sqlite3.Connection:
    path = configuration.load(world.gateway.config).registry_url.removeprefix("sqlite:///")
    return sqlite3.connect(path, isolation_level=None)


def test_a_request_at_work_keeps_the_second_out(world: World, file: sqlite3.Connection) -> None:
    """The first died in the middle: until the key is given up, who comes again is told so; then it is done."""
    key, body = secrets.token_hex(8), {"name": f"Provider {world.address()}"}
    made = world.ask("POST", "/v1/providers", body, Idempotency_Key=key)
    assert made.status == 201
    where = "WHERE key = ?"
    with file:
        file.execute(f"UPDATE idempotency_key SET status = NULL {where}", [key])
        assert world.ask("POST", "/v1/providers", body, Idempotency_Key=key).kind == "in-flight"
        file.execute(f"UPDATE idempotency_key SET created_at = datetime('now', '-1 hour') || '.000000' {where}", [key])
        assert world.ask("POST", "/v1/providers", body, Idempotency_Key=key).kind == "conflict"  # the name is taken
    file.close()


def test_no_token_is_kept(world: World, file: sqlite3.Connection) -> None:
    key = secrets.token_hex(8)
    body: dict[str, Any] = {"name": "shown once", "scopes": ["public"], "holder": world.ids["person_id"]}
    first = world.ask("POST", "/v1/tokens", body, Idempotency_Key=key).json
    again = world.ask("POST", "/v1/tokens", body, Idempotency_Key=key).json
    assert first["token"].startswith("wkt_")
    assert again == {**first, "token": None}
    file.execute("PRAGMA wal_checkpoint")
    dump = "\n".join(file.iterdump())
    assert first["token"] not in dump
    assert first["token"].encode().hex() not in dump.lower()
    file.close()
