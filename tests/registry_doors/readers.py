"""Everybody who may read a registry, each with every address of its API that answers a GET."""

import secrets
from collections.abc import Iterator, Mapping
from typing import Any

from werkzeug.test import TestResponse

from api.registry.desk import store
from control.registry.jobs import worker
from control.registry.store.database import Database
from tests.registry_doors.house import House

SCOPES = ("registrant", "provider", "officer", "auditor", "operator")

ELSEWHERE = ("/v1/changes/stream", "/openapi.json", "/healthz", "/readyz", "/metrics")
"""What does not end, or is nobody's rows."""

OF_A_GATEWAY = (
    "/v1/allowlist",
    "/v1/bypass",
    "/v1/heads",
    "/v1/held",
    "/v1/history",
    "/v1/rollout",
    "/v1/status",
    "/v1/policy",
)
"""What asks an agent, of which this registry has none."""

LISTS = ("/v1/applications", "/v1/registrants", "/v1/registrations", "/v1/jobs")
"""Whose newest rows are asked for."""

EXPORTS = ("applications", "registrations")
FORMATS = ("csv", "ndjson")

Ids = Mapping[str, list[str]]
"""Ids to read by themselves, by the parameter of the address that names one."""


class Readers:
    """A house with a token of every scope."""

    def __init__(self, house: House) -> None:
        """Make somebody of each scope."""
        self.house = house
        self.holders = {"registrant": house.registrant, "provider": house.provider, "officer": house.officer}
        for role in ("auditor", "operator", "second"):
            scope = "officer" if role == "second" else role
            name = f"The {role} {secrets.token_hex(4)}"
            self.holders[role] = str(house.wicket("persons", "add", name, "--role", scope)["id"])
        self._tokens = {role: self._token(role, holder) for role, holder in self.holders.items()}
        self.database: Database = house.client.application.extensions[store.EXTENSION]

    def ask(
        self, who: str, method: str, path: str, body: Any = None, data: bytes | None = None, media: str | None = None
    ) -> TestResponse:
        """Ask as whoever has a scope; that it is no 5xx is held of every answer.

        Raises:
            AssertionError: it is one.
        """
        headers = {"Authorization": f"Bearer {self._tokens[who]}", "If-Match": "*"}
        if method == "POST":
            headers["Idempotency-Key"] = secrets.token_hex(8)
        sent: dict[str, Any] = {"json": body} if data is None else {"data": data, "content_type": media}
        answer = self.house.client.open(path, method=method, headers=headers, **({} if method == "GET" else sent))
        assert answer.status_code < 500, (who, method, path, answer.text)
        return answer

    def work(self, id_: str) -> dict[str, Any]:
        """Do a job as the server's worker does it, and return it."""
        worker.work(self.database, id_)
        job: dict[str, Any] = self.ask("operator", "GET", f"/v1/jobs/{id_}").get_json()
        assert job["state"] in ("done", "refused"), job
        return job

    def read(self, ids: Ids, addresses: list[str], under: str = "/v1/") -> dict[str, int]:
        """Read everything under a path as everybody, and return how many were answered with 200, by who asked.

        Raises:
            AssertionError: an answer is a 5xx, or is no page where it is 200, or shows a row as unreadable.
        """
        answered = dict.fromkeys(SCOPES, 0)
        for who in SCOPES:
            for path in self.paths(ids, addresses, under):
                answer = self.ask(who, "GET", path)
                if answer.status_code != 200:
                    assert answer.get_json()["errors"] or answer.status_code in (403, 404), (who, path, answer.text)
                    continue
                answered[who] += 1
                if answer.is_json:
                    rows = (answer.get_json() or {}).get("items", [])
                    assert not [row for row in rows if "fault" in row], (who, path, rows)
            if under == "/v1/":
                answered[who] += self.exported(who)
        return answered

    def paths(self, ids: Ids, addresses: list[str], under: str) -> Iterator[str]:
        """Yield every address of a GET, as the application itself knows them: a new one is read as well."""
        for rule in self.house.client.application.url_map.iter_rules():
            path = str(rule)
            if "GET" not in (rule.methods or ()) or not path.startswith(under):
                continue
            if path in ELSEWHERE or path.startswith(OF_A_GATEWAY):
                continue
            if rule.arguments:
                (name,) = rule.arguments
                yield from (path.replace(f"<id:{name}>", id_) for id_ in ids[name])
            elif path == "/v1/check":
                yield from (f"{path}?address={address}" for address in addresses)
            elif path == "/v1/audit/listed":
                yield from (f"{path}?address={address}&at=2026-01-01T00:00:00Z" for address in addresses)
            elif path == "/v1/audit/state":
                yield from (f"{path}?object={id_}&at=2100-01-01T00:00:00Z" for each in ids.values() for id_ in each)
            elif path == "/v1/changes":
                yield f"{path}?since={'0' * 32}:0"
            else:
                yield f"{path}?limit=200&sort=-id" if path in LISTS else path

    def exported(self, who: str) -> int:
        """Export what there is in either format, read it, and return how many exports there were."""
        done = 0
        for subject in EXPORTS:
            for kind in FORMATS:
                answer = self.ask(who, "POST", "/v1/exports", {"of": subject, "format": kind})
                if answer.status_code != 201:
                    assert answer.status_code == 403, answer.text
                    continue
                job = self.work(answer.get_json()["id"])
                assert job["state"] == "done", job
                file = self.ask(who, "GET", f"/v1/jobs/{job['id']}/result")
                assert file.status_code == 200
                file.get_data().decode()
                done += 1
        return done

    def _token(self, role: str, holder: str) -> str:
        scope = "officer" if role == "second" else role
        made = self.house.wicket("tokens", "create", f"of the {role}", "--scope", scope, "--holder", holder)
        return str(made["token"])
