"""/openapi.json: the document that APIFlask makes from views and models, completed with what it cannot know.

That is the bodies that the views read themselves (they are limited, verified and in several formats), the
conditions, the token, and one problem for every error.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from apiflask import APIFlask
from flask import Response, json
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from api.gateway.schema import Batch, Change, Policy, Problem
from api.kit import describe
from api.kit.contract import Contract, contract_of, scopes_for
from api.kit.door import PUBLIC
from api.kit.problem import MEDIA_TYPE
from control.allowlist.schema import ListModel
from control.commands.status import Status

Operation = dict[str, Any]

REFERENCE = "#/components/schemas/{model}"
NESTED = re.compile(r"(?<=#/components/schemas/)\w+\.(\w+)")
"""APIFlask names a model inside another one "Outer.Inner", so that each has as many copies as users."""

PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")
"""A variable of a path as Flask writes it."""

MODELS: tuple[type[BaseModel], ...] = (Problem, ListModel, Batch, Policy, Change, Status)


def _reference(model: type[BaseModel]) -> dict[str, Any]:
    return {"schema": {"$ref": REFERENCE.format(model=model.__name__)}}


def _text(example: str) -> dict[str, Any]:
    return {"schema": {"type": "string"}, "example": example}


LIST = {
    "application/json": _reference(ListModel),
    "application/x-ndjson": _text('{"prefix": "192.0.2.1"}\n{"prefix": "2001:db8::/48", "protocols": ["esp"]}\n'),
    "text/csv": _text("prefix,protocols,ports,note\n192.0.2.1,,,\n2001:db8::/48,wireguard,51820,office\n"),
}
BODIES = {
    ("/v1/allowlist", "put"): LIST,
    ("/v1/allowlist", "patch"): {"application/json": _reference(Batch)},
    ("/v1/policy", "put"): {"application/json": _reference(Policy)},
}
ANSWERS = {
    ("/v1/allowlist", "get"): LIST,
    ("/metrics", "get"): {"text/plain": _text("wicketgate_agent_up 1.0\n")},
}
REFUSED = {"description": "Refused; nothing has changed", "content": {MEDIA_TYPE: _reference(Problem)}}
VERSIONED = frozenset({"/v1/allowlist", "/v1/policy"})


def _header(name: str, description: str) -> dict[str, Any]:
    schema = {"type": "string"}
    return {"in": "header", "name": name, "required": False, "schema": schema, "description": description}


IF_MATCH = _header("If-Match", "ETag of the state that the change is meant for; 412 if it is another by now.")
IF_MATCH["schema"] = {"type": "string", "pattern": r'^("[!#-~]+"|\*)$'}
IF_NONE_MATCH = _header("If-None-Match", "ETag of the list at hand; 304 while it stands.")
CONTENT_DIGEST = _header("Content-Digest", "RFC 9530, sha-256 of the body; verified when present.")


def register(app: APIFlask) -> None:
    """Serve the document of ``app``, whose views must all be registered by now."""
    app.config.update(
        OPENAPI_VERSION="3.1.0",
        SECURITY_SCHEMES={"token": {"type": "http", "scheme": "bearer"}},
        AUTO_VALIDATION_ERROR_RESPONSE=False,
        AUTO_SERVERS=False,
        AUTO_404_RESPONSE=False,
    )
    known = dict(_known(app))
    app.spec_processor(lambda document: complete(document, known))
    text = json.dumps(app.spec, indent=2) + "\n"

    @app.get("/openapi.json", endpoint="openapi")
    @app.doc(hide=True)
    def openapi() -> Response:
        return Response(text, content_type="application/json")


@dataclass(frozen=True, slots=True)
class Known:
    """What the application knows of an operation: its contract if it is the registry's, and who may ask."""

    contract: Contract | None
    scopes: list[str] | None


def _known(app: APIFlask) -> Iterator[tuple[tuple[str, str], Known]]:
    """Yield what is known of each operation, by path and method as the document has them."""
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            scopes = None if rule.endpoint in PUBLIC else sorted(scopes_for(view, method))
            yield (PARAMETER.sub(r"{\1}", rule.rule), method.lower()), Known(contract_of(view), scopes)


def complete(document: dict[str, Any] | str, known: Mapping[tuple[str, str], Known]) -> dict[str, Any] | str:
    """Add to the generated document what is the same for all endpoints, and the bodies."""
    document = dict(json.loads(NESTED.sub(r"\1", json.dumps(document))))
    schemas = models_json_schema([(model, "validation") for model in MODELS], ref_template=REFERENCE)[1]
    outer = {name: schema for name, schema in document["components"]["schemas"].items() if "." not in name}
    contracts = [each.contract for each in known.values() if each.contract]
    document["components"]["schemas"] = outer | describe.schemas(contracts) | schemas["$defs"]
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            _complete_operation(path, method, operation)
            if contracts:
                _complete_registry(operation, known[path, method])
    return document


def _complete_registry(operation: Operation, known: Known) -> None:
    """Add what holds where there is a registry: its tokens, and what its views demand."""
    if known.contract:
        describe.complete(operation, known.contract)
    if known.scopes:
        operation["security"] = [{"token": known.scopes}]


def _complete_operation(path: str, method: str, operation: Operation) -> None:
    done = operation["responses"]["200"]
    operation["responses"]["default"] = REFUSED
    done["headers"] = {"X-Request-ID": {"schema": {"type": "string"}}}
    if path in VERSIONED:
        done["headers"]["ETag"] = {"schema": {"type": "string"}, "description": "Names this version."}
    if (path, method) in ANSWERS:
        done["content"] = ANSWERS[path, method]
    if (path, method) in BODIES:
        operation["requestBody"] = {"required": True, "content": BODIES[path, method]}
        operation["security"] = [{"token": []}]
        operation.setdefault("parameters", []).extend([IF_MATCH, CONTENT_DIGEST])
    if (path, method) == ("/v1/allowlist", "get"):
        operation["parameters"].append(IF_NONE_MATCH)
        operation["responses"]["304"] = {"description": "The list is the one that If-None-Match names"}
