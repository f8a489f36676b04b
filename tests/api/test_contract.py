"""Every endpoint has a contract, the rooms import one way, and what both rooms answer is the same in either."""

import ast
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from apiflask import APIBlueprint

from api.application import create_app
from api.gateway import health
from api.kit.contract import NOBODY, Contract, MissingContractError, under
from api.kit.schema import Problem
from control import config as configuration
from lab.gateway import configure

API = Path(__file__).parents[2] / "api"
MAY_NOT_IMPORT = {
    "kit": ("api.gateway", "api.registry", "api.application"),
    "gateway": ("api.registry", "api.application"),
    "registry": ("api.gateway", "api.application"),
}
REGISTRY = '[registry]\nenabled = true\nurl = "sqlite:///{directory}/registry.db"\nallow_private = true\n'
CONFIGURATIONS = {"gateway alone": "", "with a registry": REGISTRY}


def document(directory: Path, more: str) -> dict[str, Any]:
    """Return the document of a configuration; no agent is asked for it."""
    config = configuration.load(configure(directory, directory, 8080, more.format(directory=directory)))
    found: dict[str, Any] = create_app(config).test_client().get("/openapi.json").get_json(force=True)
    return found


def undescribed() -> str:
    return "nobody knows what this demands"


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], str]], None]:
    """Serve one more view beside those of the gateway."""

    def serve(view: Callable[[], str]) -> None:
        blueprint = APIBlueprint("health", __name__, tag="Health")
        blueprint.get("/one-more")(view)
        monkeypatch.setattr(health, "blueprint", blueprint)

    return serve


def test_an_endpoint_without_a_contract_stops_the_start(
    tmp_path: Path, served: Callable[[Callable[[], str]], None]
) -> None:
    served(undescribed)
    with pytest.raises(MissingContractError, match=r"health\.undescribed"):
        document(tmp_path, "")


def test_an_endpoint_with_a_contract_is_documented(tmp_path: Path, served: Callable[[Callable[[], str]], None]) -> None:
    served(under(Contract(NOBODY, Problem, public=True))(lambda: ""))
    operation = document(tmp_path, "")["paths"]["/one-more"]["get"]
    schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
    assert schema == {"$ref": "#/components/schemas/Problem"}


def test_both_documents_say_the_same_of_what_both_have(tmp_path: Path) -> None:
    """A client is written against /v1 without knowing what is served behind it; only scopes are a registry's."""
    alone, registry = (document(tmp_path, more) for more in CONFIGURATIONS.values())
    for path, operations in alone["paths"].items():
        for method, operation in operations.items():
            other = registry["paths"][path][method]
            assert {**other, "security": []} == {**operation, "security": []}, (method, path)
    shared = alone["components"]["schemas"]
    assert shared == {name: registry["components"]["schemas"][name] for name in shared}


@pytest.mark.parametrize("room", MAY_NOT_IMPORT)
def test_rooms_import_one_way(room: str) -> None:
    above = tuple(f"{name}." for name in MAY_NOT_IMPORT[room])
    names = [(file.name, name) for file in (API / room).rglob("*.py") for name in imported(file)]
    assert names
    assert [(file, name) for file, name in names if f"{name}.".startswith(above)] == []


def imported(file: Path) -> Iterator[str]:
    """Yield what a file imports, with `from api import x` as api.x."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
