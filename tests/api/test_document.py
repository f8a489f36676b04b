"""The OpenAPI document is the committed one, and the manual names every endpoint and every kind of error."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from api.gateway.schema import BatchModel, ChangeModel
from api.kit.problem import STATUS
from api.kit.schema import name_of
from control.allowlist.schema import EntryModel
from lab.gateway import Gateway

DOCS = Path(__file__).parents[2] / "docs"
WRITING = {"put", "patch", "post", "delete"}


@pytest.fixture
def document(gateway: Gateway) -> dict[str, Any]:
    answer = gateway.ask("GET", "/openapi.json", token=None)
    assert answer.headers["content-type"] == "application/json"
    found: dict[str, Any] = answer.json
    return found


def test_the_committed_document_is_the_served_one(document: dict[str, Any]) -> None:
    committed = json.loads((DOCS / "openapi" / "gateway.json").read_text())
    assert document == committed, "run `make documents`, and look at the difference"
    assert document["openapi"].startswith("3.1")


def test_the_models_are_those_that_validate(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    for model in (EntryModel, BatchModel, ChangeModel):
        assert set(schemas[name_of(model)]["properties"]) == set(model.model_fields)


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    named = set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(document)))
    assert named <= set(document["components"]["schemas"])
    assert not [name for name in document["components"]["schemas"] if "." in name]


WITHOUT_BODY = {
    "/v1/held/{held_id}",
    "/v1/held/{held_id}/release",
    "/v1/history/{revision}/rollback",
    "/v1/confirm/{token}",
}
"""Paths that say all that there is to say."""


def test_every_operation_says_who_may_and_how_it_refuses(document: dict[str, Any]) -> None:
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            assert operation["summary"], (method, path)
            assert ("security" in operation) == (method in WRITING), (method, path)
            assert ("requestBody" in operation) == (method in WRITING and path not in WITHOUT_BODY), (method, path)
            assert "application/problem+json" in operation["responses"]["default"]["content"], (method, path)


def test_the_manual_has_a_section_for_every_operation(document: dict[str, Any]) -> None:
    served = {f"{method.upper()} {path}" for path, operations in document["paths"].items() for method in operations}
    described = re.findall(r"^### ([A-Z]+ /\S+)$", (DOCS / "api.md").read_text(), re.MULTILINE)
    assert set(described) == served | {"GET /openapi.json"}


def test_the_manual_has_a_section_for_every_kind_of_error() -> None:
    text = (DOCS / "errors.md").read_text()
    described = dict(re.findall(r"^## (\S+)\n\n(\d{3})\.", text, re.MULTILINE))
    assert described == {kind: str(status) for kind, status in STATUS.items()}
