"""What the OpenAPI document says of an endpoint, from the contract of its view."""

from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from api.kit.contract import Contract, Media
from api.kit.payload import JSON, MERGE_PATCH
from api.kit.schema import COMPONENT, name_of
from control.registry.store import ids

Operation = dict[str, Any]
REFERENCE = "#/components/schemas/{model}"
PATHS: dict[str, dict[str, Any]] = {
    "held_id": {"type": "string", "pattern": "^([0-9]{1,18}|feed)$"},
    "revision": {"type": "integer", "minimum": 0},
    "token": {"type": "string", "pattern": "^[0-9a-f]{8}$"},
}
"""Parameters of a path that are no id of the registry's."""

ID_SCHEMA = {"type": "string", "pattern": f"^{ids.PATTERN}$"}
TEXT = {"type": "string"}
ETAG_OF_OBJECT = {"schema": TEXT, "description": "Names this version of the object."}
ETAG_OF_STATE = {"schema": TEXT, "description": "Names this version."}
IF_MATCH = "ETag of what is changed: 428 without one, 412 if it is another by now; `*` is any."
KEY = "Random, the same when the request is sent again: it then gets the same answer, for 24 hours."


def _header(name: str, description: str, schema: dict[str, Any], required: bool) -> dict[str, Any]:
    return {"in": "header", "name": name, "required": required, "schema": schema, "description": description}


DEMANDED_IF_MATCH = _header("If-Match", IF_MATCH, {"type": "string", "pattern": r'^("[0-9]{1,9}"|\*)$'}, True)
DEMANDED_KEY = _header("Idempotency-Key", KEY, {"type": "string", "pattern": "^[!-~]{1,128}$"}, True)
HEEDED = {
    header["name"]: header
    for header in (
        _header(
            "If-Match",
            "ETag of the state that the change is meant for; 412 if it is another by now.",
            {"type": "string", "pattern": r'^("[!#-~]+"|\*)$'},
            False,
        ),
        _header("If-None-Match", "ETag of the list at hand; 304 while it stands.", TEXT, False),
        _header("Content-Digest", "RFC 9530, sha-256 of the body; verified when present.", TEXT, False),
    )
}
NOT_MODIFIED = {"description": "The list is the one that If-None-Match names"}


def schemas(contracts: Iterable[Contract], more: Iterable[type[BaseModel]] = ()) -> dict[str, Any]:
    """Return the schemas of every body and answer, and of some ``more`` answers, by name."""
    contracts = list(contracts)
    answers = {contract.answer for contract in contracts if contract.answer is not None} | set(more)
    answers |= {media.model for contract in contracts for media in contract.gives if media.model is not None}
    bodies = {contract.body for contract in contracts if contract.body is not None}
    bodies |= {media.model for contract in contracts for media in contract.takes if media.model is not None}
    components = _components(answers, "serialization") | _components(bodies, "validation")
    for contract in contracts:
        if contract.patches and contract.body is not None:
            components[_patch(contract.body)] = _patch_schema(components[name_of(contract.body)])
    return components


def _components(models: Iterable[type[BaseModel]], mode: str) -> dict[str, Any]:
    """Return the schemas of models, and of those inside them, by the names that the document has for them."""
    wanted = [(model, mode) for model in sorted(models, key=name_of)]
    definitions = models_json_schema(wanted, ref_template=REFERENCE)[1].get("$defs", {})  # type: ignore[arg-type]
    names = {class_name: schema.pop(COMPONENT, class_name) for class_name, schema in definitions.items()}
    references = {REFERENCE.format(model=old): REFERENCE.format(model=new) for old, new in names.items()}
    return {names[class_name]: _renamed(schema, references) for class_name, schema in definitions.items()}


def _renamed(schema: Any, references: dict[str, str]) -> Any:
    if isinstance(schema, dict):
        return {
            name: references[value] if name == "$ref" else _renamed(value, references) for name, value in schema.items()
        }
    return [_renamed(item, references) for item in schema] if isinstance(schema, list) else schema


def complete(operation: Operation, contract: Contract) -> None:
    """Add to an operation what its contract says."""
    for parameter in operation.get("parameters", []):
        if parameter["in"] == "path":
            parameter["schema"] = PATHS.get(parameter["name"], ID_SCHEMA)
    parameters = operation.setdefault("parameters", [])
    if contract.conditional:
        parameters.append(DEMANDED_IF_MATCH)
    if contract.keyed:
        parameters.append(DEMANDED_KEY)
    parameters.extend(HEEDED[name] for name in contract.heeds)
    if contract.takes:
        content = {media.name: _media(media, {"contentMediaType": media.name}) for media in contract.takes}
        operation["requestBody"] = {"required": True, "content": content}
    if contract.body is not None:
        operation["requestBody"] = _body(contract, contract.body)
    _complete_answer(operation, contract)


def _complete_answer(operation: Operation, contract: Contract) -> None:
    done = operation["responses"].pop("200")
    operation["responses"][str(contract.status)] = done
    headers = done.setdefault("headers", {})
    if contract.conditional:
        headers["ETag"] = ETAG_OF_OBJECT
    elif contract.versioned:
        headers["ETag"] = ETAG_OF_STATE
    if contract.status == 201:
        headers["Location"] = {"schema": TEXT, "description": "Path of what was made."}
    done["content"] = {media.name: _media(media, TEXT) for media in contract.gives} or {
        JSON: _reference(contract.answer)
    }
    if "If-None-Match" in contract.heeds:
        operation["responses"]["304"] = NOT_MODIFIED
    for outcome in contract.also:
        location = {"Location": {"schema": TEXT, "description": outcome.location}}
        other = {"description": outcome.description, "headers": headers | location, "content": done["content"]}
        operation["responses"][str(outcome.status)] = other


def _media(media: Media, otherwise: dict[str, Any]) -> dict[str, Any]:
    if media.model is not None:
        return _reference(media.model)
    return {"schema": otherwise} if media.example is None else {"schema": TEXT, "example": media.example}


def _reference(model: type[BaseModel] | None) -> dict[str, Any]:
    return {"schema": {"$ref": REFERENCE.format(model=name_of(model))} if model else {}}


def _body(contract: Contract, model: type[BaseModel]) -> dict[str, Any]:
    name = _patch(model) if contract.patches else name_of(model)
    content = {(MERGE_PATCH if contract.patches else JSON): {"schema": {"$ref": REFERENCE.format(model=name)}}}
    return {"required": contract.body_needed, "content": content}


def _patch(model: type[BaseModel]) -> str:
    return f"{name_of(model)}Patch"


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
