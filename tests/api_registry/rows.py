"""The table of who may: a row for every operation of the OpenAPI document.

A scope in ``wide`` may with every object, one in ``own`` with its own: another's is not there for it. Every other
scope is refused. ``done`` is the status of what is allowed; where it would change something, the request names a
version that nothing has, so that 412 says: allowed, and nothing happened.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.api_registry.world import NEVER, Side, World, papers

SCOPES = ("registrant", "provider", "officer", "operator", "auditor", "public")
READERS = ("officer", "operator", "auditor")
STALE = 412
AT = "2026-11-24T12:00:00Z"

Body = Callable[[World, Side], Any]


@dataclass(frozen=True)
class Row:
    """What one operation answers to whom."""

    operation: str
    done: int
    wide: tuple[str, ...] = ()
    own: tuple[str, ...] = ()
    query: str = ""
    body: Body | None = None
    open: bool = False
    others: tuple[str, ...] = ()
    """Scopes that the door lets in, for objects of another kind than those of these requests."""


def versions(world: World, ids: list[str], **more: str) -> dict[str, Any]:
    return {"versions": dict.fromkeys(ids, int(NEVER.strip('"'))), **more}


def says(value: Any) -> Body:
    return lambda world, side: value


def entered(**more: Any) -> Body:
    """Return a body with a name that is not taken."""
    return lambda world, side: {"name": f"name {world.address()}", **more}


def application(world: World, side: Side) -> dict[str, Any]:
    texts = {"registrant_id": side.registrant_id, "category": "company", "documents": papers()}
    return {**texts, "entries": [world.address()]}


def a_token(world: World, side: Side) -> dict[str, Any]:
    return {"name": "test", "scopes": ["registrant"], "holder": side.registrant_id}


REASON = says({"reason": "a test"})

PLANS = says({"protocols": ["esp"]})
GATEWAYS = {"edge_id": f"edg_{'0' * 32}", "held_id": "999", "revision": 999999, "token": "00000000"}
"""What there is not at a gateway."""

ROWS = (
    Row("GET /healthz", 200, open=True),
    Row("GET /readyz", 200, open=True),
    Row("GET /v1/check", 200, open=True, query="address=10.0.0.1"),
    Row("GET /metrics", 200, READERS),
    Row("GET /v1/status", 200, READERS),
    Row("GET /v1/allowlist", 200, READERS),
    Row("PUT /v1/allowlist", 200, ("operator",), query="dry_run=true", body=says({"entries": ["192.0.2.1"]})),
    Row("PATCH /v1/allowlist", 200, ("operator",), query="dry_run=true", body=says({"add": ["192.0.2.1"]})),
    Row("GET /v1/held", 200, READERS),
    Row("GET /v1/held/{held_id}", 404, READERS),
    Row("POST /v1/held/{held_id}/release", 404, ("operator",)),
    Row("DELETE /v1/held/{held_id}", 404, ("operator",)),
    Row("GET /v1/heads", 200, open=True),
    Row("GET /v1/history", 200, READERS),
    Row("GET /v1/history/{revision}", 404, READERS),
    Row("GET /v1/history/difference", 404, READERS, query="one=999999&other=999999"),
    Row("POST /v1/history/{revision}/rollback", 404, ("operator",)),
    Row("GET /v1/rollout", 200, READERS),
    Row("POST /v1/rollout/move", 409, ("officer", "operator"), body=says({"protocols": ["esp"], "date": 1e10})),
    *(
        Row(f"POST /v1/rollout{what}", 409, ("officer", "operator"), body=PLANS)
        for what in ("", "/pause", "/resume", "/undo")
    ),
    Row("POST /v1/confirm", 404, ("officer", "operator"), body=says({"token": "00000000"})),
    Row("DELETE /v1/confirm/{token}", 404, ("officer", "operator")),
    Row("GET /v1/bypass", 200, READERS),
    Row("PUT /v1/bypass", 200, ("officer", "operator"), body=says({"on": True})),
    Row("GET /v1/policy", 200, READERS),
    Row("PUT /v1/policy", 200, ("officer", "operator"), body=says({"ike": {"mode": "monitor", "share": 100}})),
    Row("POST /v1/policy/preview", 200, ("officer", "operator"), body=says({"ike": {"mode": "enforce", "share": 5}})),
    Row("GET /v1/registrants", 200, ("registrant", *READERS)),
    Row("POST /v1/registrants", 201, ("officer",), body=entered(kind="individual")),
    Row("GET /v1/registrants/{registrant_id}", 200, READERS, ("registrant",)),
    Row("PATCH /v1/registrants/{registrant_id}", STALE, ("officer",), ("registrant",), body=says({"name": "x"})),
    Row("GET /v1/applications", 200, ("registrant", "provider", *READERS)),
    Row("POST /v1/applications", 201, ("officer",), ("registrant",), body=application),
    Row(
        "POST /v1/applications/steps",
        STALE,
        (),
        ("provider",),
        others=("registrant", "officer"),
        body=lambda world, side: versions(world, [side.application_id], step="confirm"),
    ),
    Row("GET /v1/applications/{application_id}", 200, READERS, ("registrant", "provider")),
    Row("PATCH /v1/applications/{application_id}", STALE, ("officer",), ("registrant",), body=says({})),
    Row("POST /v1/applications/{application_id}/submit", STALE, ("officer",), ("registrant",)),
    Row("POST /v1/applications/{application_id}/confirm", STALE, (), ("provider",)),
    Row("POST /v1/applications/{application_id}/approve", STALE, ("officer",)),
    Row("POST /v1/applications/{application_id}/return", STALE, ("officer",), ("provider",), body=REASON),
    Row("POST /v1/applications/{application_id}/refuse", STALE, ("officer",), ("provider",), body=REASON),
    Row("POST /v1/applications/{application_id}/withdraw", STALE, ("officer",), ("registrant",)),
    Row("GET /v1/registrations", 200, ("registrant", *READERS)),
    Row("GET /v1/registrations/{registration_id}", 200, READERS, ("registrant",)),
    Row("POST /v1/registrations/{registration_id}/renew", STALE, ("officer",), ("registrant",)),
    Row("POST /v1/registrations/{registration_id}/resume", STALE, ("officer",)),
    Row("POST /v1/registrations/{registration_id}/restore", STALE, ("officer",)),
    Row(
        "POST /v1/registrations/steps",
        STALE,
        ("officer",),
        ("registrant",),
        body=lambda world, side: versions(world, [side.registration_id], step="renew"),
    ),
    Row("POST /v1/registrations/{registration_id}/suspend", STALE, ("officer",), body=REASON),
    Row("POST /v1/registrations/{registration_id}/revoke", STALE, ("officer",), body=REASON),
    Row("POST /v1/registrations/{registration_id}/expire", STALE, ("officer",)),
    Row("GET /v1/intents", 200, READERS),
    Row(
        "POST /v1/intents",
        STALE,
        ("officer",),
        body=lambda world, side: versions(world, [side.registration_id], step="suspend", reason="a test"),
    ),
    Row("GET /v1/intents/{intent_id}", 200, READERS),
    Row("POST /v1/intents/{intent_id}/confirm", STALE, ("officer",), body=says({"live": 1})),
    Row("POST /v1/intents/{intent_id}/cancel", STALE, ("officer",)),
    Row("POST /v1/intents/{intent_id}/undo", STALE, ("officer",)),
    Row("GET /v1/intents/{intent_id}/registrations", 200, READERS),
    Row("GET /v1/edges", 200, READERS),
    Row("POST /v1/edges/{edge_id}/retire", 404, ("operator",)),
    Row("GET /v1/registry", 200, READERS),
    Row("GET /v1/providers", 200, ("registrant", "provider", *READERS)),
    Row("POST /v1/providers", 201, ("officer", "operator"), body=entered()),
    Row("GET /v1/providers/{provider_id}", 200, ("registrant", "provider", *READERS)),
    Row("PATCH /v1/providers/{provider_id}", STALE, ("officer", "operator"), body=says({})),
    Row("GET /v1/providers/{provider_id}/space", 200, ("registrant", "provider", *READERS)),
    Row("POST /v1/providers/{provider_id}/space", STALE, ("officer", "operator"), body=says({"prefixes": []})),
    Row("GET /v1/providers/{provider_id}/queue", 200, READERS, ("provider",)),
    Row("GET /v1/officers", 200, READERS),
    Row("POST /v1/officers", 201, ("operator",), body=entered()),
    Row("GET /v1/officers/{person_id}", 200, READERS),
    Row("GET /v1/persons", 200, READERS),
    Row("POST /v1/persons", 201, ("officer", "operator"), body=entered(roles=["auditor"])),
    Row("GET /v1/persons/{person_id}", 200, READERS),
    Row("PATCH /v1/persons/{person_id}", STALE, ("operator",), body=says({"roles": []})),
    Row("POST /v1/persons/{person_id}/close", STALE, ("operator",)),
    Row("POST /v1/persons/{person_id}/reopen", STALE, ("operator",)),
    Row("GET /v1/self", 200, SCOPES),
    Row("GET /v1/tokens", 200, ("registrant", "provider", *READERS)),
    Row("POST /v1/tokens", 201, ("officer", "operator"), body=a_token),
    Row("GET /v1/tokens/{token_id}", 200, READERS, ("registrant", "provider")),
    Row(
        "POST /v1/tokens/{token_id}/revoke",
        STALE,
        ("officer", "operator"),
        ("registrant", "provider"),
        others=("auditor",),
    ),
    Row("GET /v1/jobs", 200, ("registrant", "provider", *READERS)),
    Row("POST /v1/imports", 201, ("registrant", "officer"), query="dry_run=true", body=says(b"registrant\n")),
    Row("POST /v1/exports", 201, ("registrant", "provider", *READERS), body=says({"of": "applications"})),
    Row("GET /v1/jobs/{job_id}", 200, READERS, ("registrant", "provider")),
    Row("GET /v1/jobs/{job_id}/faults", 200, READERS, ("registrant", "provider")),
    Row("GET /v1/jobs/{job_id}/result", 200, READERS, ("registrant", "provider")),
    Row("GET /v1/audit", 200, READERS),
    Row("GET /v1/audit/head", 200, READERS),
    Row("GET /v1/audit/heads", 200, open=True),
    Row("GET /v1/audit/state", 200, READERS, query=f"object=reg_{'0' * 32}&at={AT}"),
    Row("GET /v1/audit/listed", 200, READERS, query=f"address=10.0.0.1&at={AT}"),
    Row("GET /v1/changes", 200, READERS, query="since=0"),
    Row("GET /v1/changes/stream", 410, READERS, query=f"since={'f' * 32}:0"),
)

BY_OPERATION = {row.operation: row for row in ROWS}
