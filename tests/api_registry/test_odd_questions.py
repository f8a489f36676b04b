"""Odd questions, made up by hypothesis, at every endpoint that takes such a thing: refused or answered, never a 5xx.

More of it: ``WICKET_EXAMPLES=1000 python -m pytest --timeout=0 tests/api_registry/test_odd_questions.py``.
"""

import base64
import json
import os
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from tests.api_registry.world import World

EXAMPLES = int(os.environ.get("WICKET_EXAMPLES", "15"))
odd = settings(
    max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], database=None
)
WHO = some.sampled_from([None, "officer", "operator", "auditor"])
TEXT = some.text(max_size=60)
DIGITS = some.integers(-(2**70), 2**70).map(str)
TIMES = some.one_of(
    TEXT,
    DIGITS,
    some.builds(
        lambda at, minutes: at.replace(tzinfo=timezone(timedelta(minutes=minutes))).isoformat(),
        some.datetimes(datetime.min, datetime.max),
        some.integers(-1439, 1439),
    ),
)
ADDRESSES = some.one_of(
    TEXT,
    DIGITS,
    some.ip_addresses().map(str),
    some.ip_addresses(v=4).map(lambda address: f"::ffff:{address}"),
    some.builds(lambda address, length: f"{address}/{length}", some.ip_addresses(), some.integers(-1, 200)),
    some.builds(lambda address, zone: f"{address}%{zone}", some.ip_addresses(v=6), TEXT),
)
JSON: some.SearchStrategy[Any] = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats() | TEXT,
    lambda inner: some.lists(inner, max_size=4) | some.dictionaries(TEXT, inner, max_size=4),
    max_leaves=20,
)
SURROGATES = some.text(some.characters(), max_size=20)


@pytest.fixture(scope="module")
def parameters(world: World) -> dict[str, list[tuple[str, dict[str, str]]]]:
    """The GETs that take a cursor, a time or an address, by that: the path, and what else it has to have."""
    return dict(_parameters(world.ask("GET", "/openapi.json", who=None).json))


def _parameters(document: dict[str, Any]) -> Iterator[tuple[str, list[tuple[str, dict[str, str]]]]]:
    needed = {
        "at": "2026-11-24T12:00:00Z",
        "address": "192.0.2.1",
        "object": f"per_{'0' * 32}",
        "since": f"{'0' * 32}:0",
    }
    for kind in ("cursor", "at", "since", "until", "address", "prefix"):
        found = []
        for path, operations in document["paths"].items():
            taken = {each["name"] for each in operations.get("get", {}).get("parameters", []) if each["in"] == "query"}
            if kind in taken and "{" not in path and path != "/v1/changes/stream":
                more = {name: value for name, value in needed.items() if name in taken - {kind, "since"}}
                found.append((path, more))
        assert found, kind
        yield kind, found


def ask(world: World, who: str | None, path: str, **values: str) -> None:
    query = "&".join(f"{name}={quote(value, safe='', errors='surrogatepass')}" for name, value in values.items())
    answer = world.ask("GET", f"{path}?{query}", who=who)
    assert answer.status < 500, (path, values, answer.body)


@odd
@given(some.data())
def test_questions(
    world: World, parameters: dict[str, list[tuple[str, dict[str, str]]]], data: some.DataObject
) -> None:
    kind = data.draw(some.sampled_from(sorted(parameters)))
    values = ADDRESSES if kind in ("address", "prefix") else TIMES
    for path, more in parameters[kind]:
        ask(world, data.draw(WHO), path, **{**more, kind: data.draw(SURROGATES if kind == "cursor" else values)})


@odd
@given(some.data())
def test_cursors_that_were_changed(world: World, parameters: dict[str, Any], data: some.DataObject) -> None:
    good = world.ask("GET", "/v1/registrants?limit=1").json["next"]
    made = bytearray(base64.urlsafe_b64decode(good + "=" * (-len(good) % 4)))
    for _ in range(data.draw(some.integers(1, 3))):
        made[data.draw(some.integers(0, len(made) - 1))] ^= data.draw(some.integers(1, 255))
    forged = base64.urlsafe_b64encode(made + data.draw(some.binary(max_size=9))).decode().rstrip("=")
    for path, more in parameters["cursor"]:
        ask(world, data.draw(WHO), path, **{**more, "cursor": forged})


@odd
@given(some.data())
def test_bodies(world: World, data: some.DataObject) -> None:
    document = world.ask("GET", "/openapi.json", who=None).json
    changes = [
        (method.upper(), path)
        for path, operations in document["paths"].items()
        for method in operations
        if method in ("post", "put", "patch")
    ]
    method, path = data.draw(some.sampled_from(changes))
    for name in ("id", "revision", "hold_id", "token", "protocol"):
        path = path.replace("{" + name + "}", f"per_{'0' * 32}" if name == "id" else "1")
    body = data.draw(
        some.one_of(
            JSON.map(lambda value: json.dumps(value, default=str).encode()),
            some.binary(max_size=200),
            some.integers(1, 2000).map(lambda deep: b"[" * deep + b"]" * deep),
            some.integers(1, 200_000).map(lambda long: json.dumps({"name": "x" * long}).encode()),
            some.integers(1, 5000).map(
                lambda many: json.dumps({f"member {each}": each for each in range(many)}).encode()
            ),
        )
    )
    media = data.draw(some.sampled_from(["application/json", "text/csv", "application/x-ndjson", "text/plain"]))
    answer = world.ask(method, path, body, data.draw(WHO), Content_Type=media, If_Match="*")
    assert answer.status < 500, (method, path, body[:500], answer.body)
    assert len(answer.body) < 1 << 20
