"""Every endpoint of the document × every scope × own and foreign object."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.api_registry.rows import BY_OPERATION, GATEWAYS, ROWS, SCOPES, Row
from tests.api_registry.world import NEVER, Side, World

DOCUMENT = json.loads((Path(__file__).parents[2] / "docs" / "openapi" / "registry.json").read_text())
OPERATIONS = {
    f"{method.upper()} {path}": operation
    for path, operations in DOCUMENT["paths"].items()
    for method, operation in operations.items()
}


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_operation_of_the_document(world: World, operation: str) -> None:
    """By whose objects they are, and by which of a person's tokens: a second one, one that somebody else made."""
    assert operation in BY_OPERATION, "a new endpoint needs a row in tests/api_registry/rows.py"
    row = BY_OPERATION[operation]
    own, foreign = world.sides[:2]  # other tests of the same world add theirs
    found: dict[tuple[str, str], int] = {}
    for scope in SCOPES:
        token, *others = tokens_of(world, scope)
        found[scope, "own"] = request(world, row, scope, token, own)
        found[scope, "foreign"] = request(world, row, scope, token, foreign)
        for number, other in enumerate(others):
            found[scope, f"own, token {number}"] = request(world, row, scope, other, own)
    assert found == {place: expected(row, *place) for place in found}


def tokens_of(world: World, scope: str) -> list[str]:
    """Return tokens of one holder: the usual one, a second one, and one that an officer or an operator made."""
    mine = world.sides[0].tokens.get(scope) or world.tokens[scope]
    if scope not in world.more:
        holder = world.ask("GET", "/v1/self", who=mine).json["id"]
        makers = ("operator", "officer") if scope not in ("officer", "operator") else ("operator", "other operator")
        world.more[scope] = [world.token(scope, who=who, holder=holder) for who in makers]
    return [mine, *world.more[scope]]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.operation)
def test_every_row_is_of_the_document_and_has_its_scopes(row: Row) -> None:
    assert row.operation in OPERATIONS
    security = OPERATIONS[row.operation].get("security", [])
    documented = set(security[0]["token"]) if security else set()
    assert documented == {*row.wide, *row.own, *row.others}


@pytest.mark.parametrize("token", [None, "wkt_of_nobody"])
def test_nobody_gets_in_but_where_it_is_open(world: World, token: str | None) -> None:
    statuses = {row.operation: request(world, row, "public", token, world.sides[0]) for row in ROWS}
    assert statuses == {row.operation: row.done if row.open else 401 for row in ROWS}


def expected(row: Row, scope: str, whose: str) -> int:
    if row.open or scope in row.wide:
        return row.done
    if scope in row.own:
        return 404 if whose == "foreign" else row.done
    return 403


def request(world: World, row: Row, scope: str, token: str | None, side: Side) -> int:
    """Return the status of a row's request, by a token of the first side's where the scope is a registrant's."""
    method, path = row.operation.split(" ")
    by_scope = {"job_id": side.jobs, "token_id": side.token_ids}
    own = {name: ids.get(scope, ids["registrant"]) for name, ids in by_scope.items()}
    ids: dict[str, Any] = {**world.ids, **vars(side), **GATEWAYS, **own}
    path = path.format(**ids) + (f"?{row.query}" if row.query else "")
    body = row.body(world, side) if row.body else None
    headers = {"If_Match": NEVER} if "{" in row.operation and method != "GET" else {}
    if "imports" in path:
        headers["Content_Type"] = "text/csv"
    if method == "PATCH" and "allowlist" in path:
        headers["Content_Type"] = "application/json"
    return world.ask(method, path, body, token, **headers).status
