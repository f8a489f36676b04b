"""Every error as ``application/problem+json`` (RFC 9457), made in this one place."""

import re
from collections.abc import Mapping
from dataclasses import asdict
from http import HTTPStatus

import structlog
from apiflask.exceptions import HTTPError
from flask import Flask, Response, g, json, request
from werkzeug.exceptions import HTTPException

from control.fault import Fault, Kind, Refused

MEDIA_TYPE = "application/problem+json"
TYPE = "https://wicketgate.example/errors#"
"""What a problem's ``type`` begins with; its kind follows. It is a name (RFC 9457, section 3.1.1): nothing is
served there, ``.example`` is nobody's (RFC 2606, section 3). docs/errors.md has a section for each kind."""

STATUS: Mapping[Kind, int] = {
    Kind.BAD_REQUEST: 400,
    Kind.UNAUTHORIZED: 401,
    Kind.FORBIDDEN: 403,
    Kind.NOT_FOUND: 404,
    Kind.METHOD_NOT_ALLOWED: 405,
    Kind.NOT_ACCEPTABLE: 406,
    Kind.CONFLICT: 409,
    Kind.IN_FLIGHT: 409,
    Kind.GONE: 410,
    Kind.STALE: 412,
    Kind.TOO_LARGE: 413,
    Kind.UNSUPPORTED_MEDIA_TYPE: 415,
    Kind.BAD_LIST: 422,
    Kind.INVALID: 422,
    Kind.IDEMPOTENCY: 422,
    Kind.PRECONDITION_REQUIRED: 428,
    Kind.RATE_LIMITED: 429,
    Kind.INTERNAL: 500,
    Kind.UNAVAILABLE: 503,
    Kind.NO_ROOM: 507,
    Kind.BAD_CONFIGURATION: 500,
    Kind.INTERFACE: 409,
    Kind.FOREIGN_PROGRAM: 409,
    Kind.BAD_PINS: 500,
    Kind.BUSY: 409,
    Kind.UNREADABLE: 400,
}
"""Each kind of refusal and the HTTP status (RFC 9110, section 15) that answers it."""

CAUSES: Mapping[int, tuple[str, str]] = {
    404: ("there is no such path", "ask for /openapi.json, which lists every path"),
    405: ("the path does not do that", "use a method that the header Allow names"),
    413: (
        "the body is longer than list.max_body, or the token's scope, allows",
        "send less at a time, or raise list.max_body",
    ),
}
"""Why and mend of the refusals that Flask makes for us."""

INSIDE = frozenset({Kind.UNAVAILABLE, Kind.NO_ROOM, Kind.BAD_CONFIGURATION, Kind.INTERNAL})
"""Kinds whose faults name paths, users, hosts or statements of ours."""

MOST_FAULTS = 1001
"""Of one answer; the detail says how many there are."""

STOP_DROPPING = 'PUT /v1/bypass {"on": true}; where the agent does not answer, at the edge: wicket bypass on'
"""What every refusal of a gateway ends with: whoever gets it may be looking at packets that are dropped."""

PLACE = re.compile(r"\w+(\.\w+|\[\d+\])*", re.ASCII)
STEP = re.compile(r"\w+", re.ASCII)

log = structlog.get_logger("api")


def problem(refused: Refused, headers: Mapping[str, str] | None = None) -> Response:
    """Return the answer that says what was refused; to a stranger without what it says of this machine."""
    status = STATUS[refused.kind]
    if refused.kind in INSIDE and not g.get("is_known"):
        log.warning("refused to a stranger", request_id=g.request_id, refusal=str(refused))
        fault = Fault(request.path, "cannot be answered now", f"ask again later; the log has it as {g.request_id}")
        refused = Refused(refused.kind, refused.title, [fault], done=refused.done)
    more = f" (and {len(refused.faults) - 1} more)" if len(refused.faults) > 1 else ""
    body = {
        "type": TYPE + refused.kind,
        "title": refused.title,
        "status": status,
        "detail": f"{refused.faults[0]}{more}",
        "errors": [_error(fault) for fault in refused.faults[:MOST_FAULTS]],
        "errors_total": len(refused.faults),
        "request_id": g.request_id,
        "done": refused.done,
    } | ({"stop_dropping": STOP_DROPPING} if g.get("is_gateways") else {})
    return Response(json.dumps(body), status, headers, content_type=MEDIA_TYPE)


def _error(fault: Fault) -> dict[str, str]:
    """Return a fault, with a pointer (RFC 6901, section 6) when its place is one of the request's body."""
    pointer = pointer_to(fault.where, g.get("body_fields", frozenset()))
    return asdict(fault) | ({"pointer": pointer} if pointer else {})


def pointer_to(where: str, fields: frozenset[str]) -> str | None:
    """Return the JSON pointer of a place such as ``documents[0].sha256`` in a body that has these members."""
    if not PLACE.fullmatch(where) or STEP.findall(where)[0] not in fields:
        return None
    return "#/" + "/".join(STEP.findall(where))


def from_http(error: HTTPException) -> Response:
    """Turn an error of Flask or Werkzeug (no such path, wrong method, cut-off body) into a problem."""
    code = error.code or 500
    fallback = Kind.BAD_REQUEST if code < 500 else Kind.INTERNAL
    kind = next((kind for kind, status in STATUS.items() if status == code), fallback)
    where = f"{request.method} {request.path}"
    unforeseen = (
        error.description or HTTPStatus(code).phrase,
        "correct the request as docs/api.md describes it",
    )
    fault = Fault(where, *CAUSES.get(code, unforeseen))
    kept = {name: value for name, value in error.get_headers() if name in {"Allow", "Retry-After"}}
    return problem(Refused(kind, HTTPStatus(STATUS[kind]).phrase, [fault]), kept)


def from_validation(error: HTTPError) -> Response:
    """Turn the query parameters that APIFlask's pydantic adapter refused into a problem."""
    faults = [
        Fault(f"{location}, {name}", why, "see the endpoint's parameters in /openapi.json")
        for location, fields in error.detail.items()
        for name, reasons in fields.items()
        for why in reasons
    ]
    return problem(Refused(Kind.INVALID, "The request's parameters are wrong", faults))


def from_bug(error: Exception) -> Response:
    """Answer for what nobody foresaw: the log has the trace, the answer only the id that finds it."""
    log.error("unhandled", request_id=g.request_id, method=request.method, path=request.path, exc_info=error)
    fault = Fault(request.path, "the API failed inside", f"look for {g.request_id} in the log of wicket-api")
    return problem(Refused(Kind.INTERNAL, "The API has an error", [fault], done=None))


def register(app: Flask) -> None:
    """Let ``app`` answer every error with a problem."""
    app.register_error_handler(Refused, problem)
    app.register_error_handler(HTTPException, from_http)
    app.register_error_handler(HTTPError, from_validation)
    app.register_error_handler(Exception, from_bug)
