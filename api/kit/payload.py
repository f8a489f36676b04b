"""Bodies of JSON: read whole, merged when they are patches, and validated by their model."""

import json
from collections.abc import Iterable
from typing import Any, TypeVar

from flask import g
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from api.kit import body
from api.kit.schema import name_of
from control.commands import request
from control.fault import BadValueError, Fault, Kind, Refused, shown
from control.registry.parties import forms

JSON = "application/json"
MERGE_PATCH = "application/merge-patch+json"
"""RFC 7396, section 4."""

DEEPEST = 32
"""Levels of arrays and objects in a body; no model has as many."""

MOST_NAMED = 100
"""Faults of members that are none."""

Model = TypeVar("Model", bound=BaseModel)


def read(patches: bool, needed: bool) -> tuple[bytes, Any]:
    """Return the present request's body, as bytes and as JSON; an absent one that is not needed is an empty object.

    Raises:
        Refused: "unsupported-media-type" or "bad-request".
    """
    data = body.read([MERGE_PATCH] if patches else [JSON], () if needed else ("",))
    if not data and not needed:
        return data, {}
    try:
        value = json.loads(data, parse_constant=_no_number)
        _demand_shallow(value)
        return data, value
    except (ValueError, RecursionError) as error:
        fault = Fault("body", f"is not JSON ({error})", "see the endpoint in /openapi.json")
        raise Refused(Kind.BAD_REQUEST, "The body is not JSON", [fault]) from error


def _demand_shallow(value: Any) -> None:
    level, depth = [value], 0
    while level:
        if depth > DEEPEST:
            raise ValueError(f"arrays and objects lie more than {DEEPEST} deep in each other")
        level = [part for each in level if isinstance(each, dict | list) for part in _parts(each)]
        depth += 1


def _parts(value: dict[str, Any] | list[Any]) -> Iterable[Any]:
    return value.values() if isinstance(value, dict) else value


def validate(model: type[Model], value: Any) -> Model:
    """Return a body as its model.

    Raises:
        Refused: "invalid", with every fault.
    """
    g.body_fields = frozenset(model.model_fields)
    try:
        return model.model_validate_json(json.dumps(value), strict=True)  # no "3" and no true for a number
    except ValidationError as error:
        faults = [_fault(model, each) for each in error.errors(include_url=False)]
        raise Refused(Kind.INVALID, "The body is wrong", faults) from error


def parse(model: type[Model], title: str, mend: str) -> Model:
    """Return the present request's JSON body as one of the models that the agent has, too.

    Raises:
        Refused: "unsupported-media-type"; "bad-request" when it is not JSON; "invalid" with ``title`` and every fault.
    """
    try:
        return model.model_validate_json(body.read([JSON]))
    except ValidationError as error:
        problems = error.errors(include_url=False)
        broken = problems[0]["type"] == "json_invalid"
        kind, title = (Kind.BAD_REQUEST, "The body is not JSON") if broken else (Kind.INVALID, title)
        faults = [
            Fault(request.place(each["loc"]) or "body", each["msg"].removeprefix("Value error, "), mend)
            for each in problems
        ]
        raise Refused(kind, title, faults) from error


def _fault(model: type[BaseModel], error: ErrorDetails) -> Fault:
    """Return one of pydantic's errors; what a model says in words of its own is the same at every door."""
    wrong = error.get("ctx", {}).get("error")
    if isinstance(wrong, BadValueError):
        return Fault(place(error["loc"]), wrong.why, wrong.mend)
    mend = f"send what /openapi.json says of {name_of(model)}"
    return Fault(place(error["loc"]), error["msg"].removeprefix("Value error, "), mend)


def demand_members(model: type[BaseModel], patch: Any) -> None:
    """Refuse a patch that is no object or names what is no member: to take that away would pass without a word.

    Raises:
        Refused: "invalid".
    """
    names = list(patch) if isinstance(patch, dict) else ["body"]
    mend = f"send some of {', '.join(model.model_fields)}"
    unknown = [name for name in names if name not in model.model_fields]
    faults = [Fault(shown(name), "is nothing to change", mend) for name in unknown[:MOST_NAMED]]
    if faults:
        raise Refused(Kind.INVALID, "The patch is wrong", faults)


def merged(target: Any, patch: Any) -> Any:
    """Return what a merge patch makes of a JSON value (RFC 7396, section 2)."""
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merged(result.get(name), value)
    return result


def place(location: tuple[int | str, ...]) -> str:
    """Return a place in a body as faults have it: ``documents[0].sha256``."""
    steps = tuple(step for step in location if step not in ("", "[key]"))  # of a member's name that is wrong itself
    return forms.place(steps) or "body"


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is no number of JSON")
