"""The OpenAPI document with the registry is the committed one, and the manual has every operation."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from control.registry.cases import workflow
from tests.api_registry.world import World

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="module")
def document(world: World) -> dict[str, Any]:
    found: dict[str, Any] = world.ask("GET", "/openapi.json", who=None).json
    return found


def operations(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        f"{method.upper()} {path}": operation
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }


def test_the_committed_document_is_the_served_one(document: dict[str, Any]) -> None:
    committed = json.loads((DOCS / "openapi" / "registry.json").read_text())
    assert document == committed, "run `make documents`, and look at the difference"


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    named = set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(document)))
    assert named <= set(document["components"]["schemas"])


GATEWAYS = ("/v1/held", "/v1/history", "/v1/rollout", "/v1/confirm", "/v1/policy")
"""Paths of the gateway's own: what is asked there twice is done once by what it is."""

WITHOUT_CONDITION = {
    "PUT /v1/bypass",
    "POST /v1/held/{held_id}/release",
    "POST /v1/history/{revision}/rollback",
}
"""Whoever pulls a brake does so whatever anybody has read before; the others name one thing that never changes."""


def test_every_operation_says_what_it_demands(document: dict[str, Any]) -> None:
    for name, operation in operations(document).items():
        method, path = name.split(" ")
        assert operation["summary"], name
        assert "application/problem+json" in operation["responses"]["default"]["content"], name
        headers = {each["name"] for each in operation.get("parameters", []) if each["in"] == "header"}
        assert ("Idempotency-Key" in headers) == (method == "POST" and not path.startswith(GATEWAYS)), name
        heeds = method in {"PUT", "PATCH"} or (method == "POST" and "{" in path)
        assert ("If-Match" in headers) == (heeds and name not in WITHOUT_CONDITION), name
        filled = re.findall(r"{(\w+)}", path)
        assert filled == [each["name"] for each in operation.get("parameters", []) if each["in"] == "path"], name


def test_the_manual_has_a_section_for_every_operation(document: dict[str, Any]) -> None:
    pages = "\n".join((DOCS / name).read_text() for name in ("api.md", "registry-api.md"))
    described = set(re.findall(r"^### ([A-Z]+ /\S+)$", pages, re.MULTILINE))
    assert described == {*operations(document), "GET /openapi.json"}


@pytest.mark.parametrize("step", [step for step in workflow.STEPS if step.subject == "application"])
def test_the_steps_of_an_application_are_those_of_the_workflow(document: dict[str, Any], step: workflow.Step) -> None:
    path = "/v1/applications/{application_id}"
    name = f"PATCH {path}" if step.name == "edit" else f"POST {path}/{step.name}"
    operation = operations(document)[name]
    assert set(operation["security"][0]["token"]) == set(step.scopes)
    if step.name != "edit":
        assert operation["description"].startswith(f"Legal when it is {' or '.join(step.sources)}.")
        assert operation["requestBody"]["required"] is step.reason
