"""What the OpenAPI document says of the registry's endpoints, from the contracts of their views."""

from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from api.kit.contract import Contract
from api.kit.payload import JSON, MERGE_PATCH
from control.registry.store import ids

Operation = dict[str, Any]
REFERENCE = "#/components/schemas/{model}"
ID_SCHEMA = {"type": "string", "pattern": f"^{ids.PATTERN}$"}
ETAG = {"schema": {"type": "string"}, "description": "Names this version of the object."}
IF_MATCH = "ETag of what is changed: 428 without one, 412 if it is another by now; `*` is any."
KEY = "Random, the same when the request is sent again: it then gets the same answer, for 24 hours."


def schemas(contracts: Iterable[Contract]) -> dict[str, Any]:
    """Return the schemas of every body and answer, by name."""
    contracts = list(contracts)
    answers = {contract.answer for contract in contracts if not contract.gives}
    bodies = {contract.body for contract in contracts if contract.body is not None}
    found: dict[str, Any] = {}
    for models, mode in ((answers, "serialization"), (bodies, "validation")):
        wanted = [(model, mode) for model in sorted(models, key=lambda model: model.__name__)]
        found |= models_json_schema(wanted, ref_template=REFERENCE)[1].get("$defs", {})  # type: ignore[arg-type]
    for contract in contracts:
        if contract.patches and contract.body is not None:
            found[_patch(contract.body)] = _patch_schema(found[contract.body.__name__])
    return found


def complete(operation: Operation, contract: Contract) -> None:
    """Add to an operation what its contract says."""
    for parameter in operation.get("parameters", []):
        if parameter["in"] == "path":
            parameter["schema"] = ID_SCHEMA
    parameters = operation.setdefault("parameters", [])
    if contract.conditional:
        parameters.append(_header("If-Match", IF_MATCH, {"type": "string", "pattern": r'^("[0-9]{1,9}"|\*)$'}))
    if contract.keyed:
        parameters.append(_header("Idempotency-Key", KEY, {"type": "string", "pattern": "^[!-~]{1,128}$"}))
    if contract.takes:
        content = {media_type: {"schema": {"contentMediaType": media_type}} for media_type in contract.takes}
        operation["requestBody"] = {"required": True, "content": content}
    if contract.body is not None:
        operation["requestBody"] = _body(contract, contract.body)
    _complete_answer(operation, contract)


def _complete_answer(operation: Operation, contract: Contract) -> None:
    done = operation["responses"].pop("200")
    operation["responses"][str(contract.status)] = done
    headers = done.setdefault("headers", {})
    if contract.conditional:
        headers["ETag"] = ETAG
    if contract.status == 201:
        headers["Location"] = {"schema": {"type": "string"}, "description": "Path of what was made."}
    if contract.gives:
        done["content"] = {media_type: {"schema": {"type": "string"}} for media_type in contract.gives}
    else:
        done["content"] = {JSON: {"schema": {"$ref": REFERENCE.format(model=contract.answer.__name__)}}}


def _body(contract: Contract, model: type[BaseModel]) -> dict[str, Any]:
    name = _patch(model) if contract.patches else model.__name__
    content = {(MERGE_PATCH if contract.patches else JSON): {"schema": {"$ref": REFERENCE.format(model=name)}}}
    return {"required": contract.body_needed, "content": content}


def _patch(model: type[BaseModel]) -> str:
    return f"{model.__name__}Patch"


def _patch_schema(whole: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a merge patch: every member may be left out, and null where it may be absent."""
    needed = whole.get("required", [])
    members = {
        name: member if name in needed else {"anyOf": [member, {"type": "null"}]}
        for name, member in whole["properties"].items()
    }
    kept = {name: value for name, value in whole.items() if name not in ("required", "title", "description")}
    return {
        **kept,
        "properties": members,
        "description": "A merge patch (RFC 7396): what is left out stays, null takes a member away.",
    }


def _header(name: str, description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"in": "header", "name": name, "required": True, "schema": schema, "description": description}
