"""A registry that is run by its API alone: two registrants, two providers, a token of every scope."""

import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lab.gateway import Answer, Gateway
from lab.waiting import wait_for

MORE = """
[registry]
enabled = true
url = "sqlite:///{directory}/registry.db"
allow_private = true
check_rate = {check}
address_rate = {address}
token_rate = {token}

[feed]
url = "sqlite:///{directory}/registry.db"
poll = "1s"
"""
PLENTY = 1_000_000
NEVER = '"999999999"'
"""A version that nothing has."""


def settings(directory: Path, check: int = PLENTY, address: int = PLENTY, token: int = PLENTY) -> str:
    """Return the configuration of a registry in a directory, and of an edge that follows it."""
    return MORE.format(directory=directory, check=check, address=address, token=token)


def papers() -> list[dict[str, str]]:
    return [{"kind": kind, "reference": f"shelf/{kind}", "sha256": "ab" * 32} for kind in ("identity", "incorporation")]


@dataclass
class Side:
    """One registrant with its provider, and ids of what is theirs."""

    registrant_id: str
    provider_id: str
    tokens: dict[str, str]
    application_id: str = ""
    registration_id: str = ""
    jobs: dict[str, str] = field(default_factory=dict)
    token_ids: dict[str, str] = field(default_factory=dict)


@dataclass
class World:
    """The running API, and who asks it."""

    gateway: Gateway
    tokens: dict[str, str] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)
    sides: list[Side] = field(default_factory=list)
    addresses: int = 0
    more: dict[str, list[str]] = field(default_factory=dict)
    """Further tokens of a holder, by scope."""

    def ask(self, method: str, path: str, body: Any = None, who: str | None = "officer", **headers: str) -> Answer:
        """Ask as whoever has a scope, an own token or, None, none; a POST gets a key, a PATCH its media type."""
        token = None if who is None else self.tokens.get(who, who)
        if method == "POST":
            headers.setdefault("Idempotency_Key", secrets.token_hex(8))
        if method == "PATCH":
            headers.setdefault("Content_Type", "application/merge-patch+json")
        return self.gateway.ask(method, path, body, token, **headers)

    def make(self, path: str, body: dict[str, Any], who: str = "officer") -> dict[str, Any]:
        answer = self.ask("POST", path, body, who)
        assert answer.status == 201, answer.body
        made: dict[str, Any] = answer.json
        kind = "/v1/jobs" if path in ("/v1/imports", "/v1/exports") else path
        assert answer.headers["location"] == f"{kind}/{made['id']}"
        return made

    def token(self, *scopes: str, who: str = "operator", holder: str = "") -> str:
        """Return a token of somebody's; of a person who is entered for it, where no holder is said."""
        holder = holder or self.person(*(scope for scope in scopes if scope != "public"))
        return str(self.make("/v1/tokens", {"name": "test", "scopes": list(scopes), "holder": holder}, who)["token"])

    def person(self, *roles: str) -> str:
        name = f"{' '.join(roles)} {secrets.token_hex(8)}"
        return str(self.make("/v1/persons", {"name": name, "roles": list(roles)}, "operator")["id"])

    def take(self, path: str, who: str, body: dict[str, Any] | None = None) -> Answer:
        """Take a step with whatever the object's version is."""
        answer = self.ask("POST", path, body, who, If_Match="*")
        assert answer.status in (200, 201), answer.body
        return answer

    def address(self) -> str:
        """Return an address that no one has asked for."""
        self.addresses += 1
        return f"10.{self.addresses >> 16}.{self.addresses >> 8 & 255}.{self.addresses & 255}"

    def draft(self, side: Side, *entries: object) -> dict[str, Any]:
        body = {
            "registrant_id": side.registrant_id,
            "provider_id": side.provider_id,
            "category": "company",
            "documents": papers(),
            "entries": list(entries) or [self.address()],
        }
        return self.make("/v1/applications", body)

    def submitted(self, side: Side) -> str:
        path = f"/v1/applications/{self.draft(side)['id']}"
        self.take(f"{path}/submit", side.tokens["registrant"])
        return path

    def registered(self, side: Side, *entries: object) -> list[str]:
        """Take addresses all the way; return the registrations' ids."""
        id_ = self.draft(side, *entries)["id"]
        for step, who in (("submit", "registrant"), ("confirm", "provider")):
            self.take(f"/v1/applications/{id_}/{step}", side.tokens[who])
        self.take(f"/v1/applications/{id_}/approve", "officer")
        found = self.ask("GET", f"/v1/registrations?application_id={id_}").json["items"]
        return [each["id"] for each in found]

    def ended(self, job_id: str) -> dict[str, Any]:
        """Wait for a job, and return it."""

        def ended() -> dict[str, Any] | None:
            job: dict[str, Any] = self.ask("GET", f"/v1/jobs/{job_id}", who="operator").json
            return job if job["state"] not in ("queued", "running") else None

        return wait_for(ended, f"job {job_id} ends")

    def side(self, name: str) -> Side:
        """Enter a registrant with its provider, with their tokens."""
        registrant = self.make("/v1/registrants", {"kind": "organisation", "name": name})["id"]
        provider = self.make("/v1/providers", {"name": f"{name}'s provider"})["id"]
        side = Side(
            registrant,
            provider,
            {
                "registrant": self.token("registrant", holder=registrant),
                "provider": self.token("provider", holder=provider),
            },
        )
        self.sides.append(side)
        return side


def begin(gateway: Gateway) -> World:
    """Start as a fresh system does: the gateway's token makes the officers, and they the rest."""
    world = World(gateway, {"operator": gateway.token})
    for name in ("officer", "second"):
        officer = world.make("/v1/officers", {"name": name}, "operator")["id"]
        world.tokens[name] = world.token("officer", holder=officer)
        world.ids[{"officer": "first_officer_id", "second": "person_id"}[name]] = officer
    for scope in ("operator", "auditor", "public"):
        world.tokens[scope] = world.token(scope)
    world.tokens["other operator"] = world.token("operator")
    return world


def furnish(world: World) -> World:
    """Add two sides with something of everything."""
    for name in ("Own", "Foreign"):
        side = world.side(name)
        side.application_id = world.submitted(side).rpartition("/")[2]
        (side.registration_id,) = world.registered(side)
        for scope, subject in (("registrant", "registrations"), ("provider", "applications")):
            side.token_ids[scope] = world.ask("GET", "/v1/self", who=side.tokens[scope]).json["token_id"]
            side.jobs[scope] = world.make("/v1/exports", {"of": subject}, side.tokens[scope])["id"]
            world.ended(side.jobs[scope])
    cut = world.registered(world.sides[0])
    body = {"step": "revoke", "reason": "moved", "versions": {cut[0]: 1}}
    world.ids["intent_id"] = world.make("/v1/intents", body)["id"]
    return world
