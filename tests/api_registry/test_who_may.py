"""Every endpoint of the document × every scope × own and foreign object."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.api_registry.rows import GATEWAYS, ROWS, SCOPES, Row
from tests.api_registry.world import NEVER, Side, World

DOCUMENT = json.loads((Path(__file__).parents[2] / "docs" / "openapi-registry.json").read_text())
OPERATIONS = {
    f"{method.upper()} {path}": operation
    for path, operations in DOCUMENT["paths"].items()
    for method, operation in operations.items()
}
BY_OPERATION = {row.operation: row for row in ROWS}


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_operation_of_the_document(world: World, operation: str) -> None:
    assert operation in BY_OPERATION, "a new endpoint needs a row in tests/api_registry/rows.py"
    row = BY_OPERATION[operation]
    found = {
        (scope, whose): request(world, row, scope, side)
        for scope in SCOPES
        for whose, side in zip(("own", "foreign"), world.sides, strict=True)
    }
    assert found == {place: expected(row, *place) for place in found}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.operation)
def test_every_row_is_of_the_document_and_has_its_scopes(row: Row) -> None:
    assert row.operation in OPERATIONS
    security = OPERATIONS[row.operation].get("security", [])
    documented = set(security[0]["token"]) if security else set()
    some = {"registrant", "provider", "officer"} if row.operation == "POST /v1/applications/steps" else set()
    assert documented == {*row.wide, *row.own, *some}


@pytest.mark.parametrize("token", [None, "wkt_of_nobody"])
def test_nobody_gets_in_but_where_it_is_open(world: World, token: str | None) -> None:
    statuses = {row.operation: request(world, row, token, world.sides[0]) for row in ROWS}
    assert statuses == {row.operation: row.done if row.open else 401 for row in ROWS}


def expected(row: Row, scope: str, whose: str) -> int:
    if row.open or scope in row.wide:
        return row.done
    if scope in row.own:
        return row.done if whose == "own" else 404
    return 403


def request(world: World, row: Row, scope: str | None, side: Side) -> int:
    """Return the status of a row's request; the tokens of registrant and provider are those of the first side."""
    method, path = row.operation.split(" ")
    job_id = side.jobs.get(scope or "", side.jobs["registrant"])
    ids: dict[str, Any] = {**world.ids, **vars(side), **GATEWAYS, "job_id": job_id}
    path = path.format(**ids) + (f"?{row.query}" if row.query else "")
    body = row.body(world, side) if row.body else None
    headers = {"If_Match": NEVER} if "{" in row.operation and method != "GET" else {}
    if "imports" in path:
        headers["Content_Type"] = "text/csv"
    if method == "PATCH" and "allowlist" in path:
        headers["Content_Type"] = "application/json"
    who = scope if scope is None else world.sides[0].tokens.get(scope, scope)
    return world.ask(method, path, body, who, **headers).status
