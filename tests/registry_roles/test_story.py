"""The API, its worker and an edge, each by a login of its own, none the owner's, go through a registry's life."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient

from api.application import create_app
from api.registry import wiring
from api.registry.desk import store
from control import config as configuration
from control.allowlist.digest import Digest
from control.cli import main
from control.fault import Refused
from control.feed.database import RegistryFeed
from control.registry.store.rights import USUAL
from control.rollout.position import Position
from lab.gateway import Answer, Gateway
from lab.waiting import wait_for
from tests.api_registry.world import World, begin, furnish, papers
from tests.edge.place import listed
from tests.registry.key import key
from tests.registry_intake.association import PROVIDERS, csv_of, member
from tests.registry_roles.conftest import NORTH, OWNER, Site
from tests.registry_roles.test_following import report

CONFIG = """
state = "{directory}"
run = "{directory}"
[api]
gateway = false
[registry]
enabled = true
url = "{api}"
worker_url = "{worker}"
owner_url = "{owner}"
key = "{key}"
allow_private = true
alone_share = 100
token_rate = 1000000
address_rate = 1000000
expire_every = "0s"
expire_grace = "0s"
"""


@dataclass
class Served:
    """The application of this process, asked as one that runs elsewhere; see ``lab.gateway.Gateway``."""

    client: FlaskClient
    token: str

    def ask(self, method: str, path: str, body: Any = None, token: str | None = "", **headers: str) -> Answer:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if token is not None:
            sent["Authorization"] = f"Bearer {token or self.token}"
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
            sent.setdefault("Content-Type", "application/json")
        answer = self.client.open(path, method=method, data=body, headers=sent)
        return Answer(answer.status_code, {name.lower(): value for name, value in answer.headers}, answer.data)


@dataclass
class Registry:
    """A registry that is served by its own logins."""

    site: Site
    world: World
    config: Path

    def wicket(self, *words: str, status: int = 0) -> Any:
        """Run ``wicket registry``, which has the API's login, and the owner's and the worker's for what is theirs."""
        done = CliRunner().invoke(main, ["--config", str(self.config), "registry", *words, "--json"])
        assert done.exit_code == status, done.output
        return json.loads(done.stdout)


@pytest.fixture
def registry(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Registry]:
    monkeypatch.setattr("control.registry.jobs.calendar.EVERY", 0.0)
    monkeypatch.setattr("control.registry.jobs.worker.IDLE", 0.02)
    file = tmp_path / "api.toml"
    urls = {"api": site.url(USUAL.api), "worker": site.url(USUAL.worker), "owner": site.url(OWNER)}
    file.write_text(CONFIG.format(directory=tmp_path, key=key().path, **urls))
    config = configuration.load(file)
    app = create_app(config)
    worker = wiring.worker(app, config)
    worker.start()
    try:
        served = Served(app.test_client(), config.token_file.read_text().strip())
        yield Registry(site, begin(cast(Gateway, served)), file)
    finally:
        worker.stop()
        worker._database.close()
        app.extensions[store.EXTENSION].close()


def test_from_the_first_application_to_the_last_registration(
    registry: Registry, capfd: pytest.CaptureFixture[str]
) -> None:
    world = furnish(registry.world)
    _parties(world)
    _applications(world)
    _jobs(world)
    _steps(world)
    assert registry.wicket("audit", "verify")["whole"]
    _end(registry)
    found = registry.wicket("audit", "verify", status=1)["findings"]
    assert [each["what"].split(",")[0].rpartition(" is ")[0] for each in found] == ["valid_until"]  # by SQL, above
    assert registry.wicket("status")["warnings"] is not None
    done = registry.wicket("backup", str(registry.config.parent / "copy"))
    assert done["rows"] > 100
    used = "SELECT count(*) FROM token WHERE used_at IS NOT NULL"
    wait_for(lambda: registry.site.value(used), "the worker notes that tokens were used")
    logged = "".join(capfd.readouterr())
    assert "cannot be worked on" not in logged and "fault" not in logged, logged


def _parties(world: World) -> None:
    side = world.sides[0]
    for path, body in (
        (f"/v1/registrants/{side.registrant_id}", {"name": "Renamed"}),
        (f"/v1/providers/{side.provider_id}", {"name": "Renamed Net"}),
    ):
        assert world.ask("PATCH", path, body, If_Match="*").status == 200
    space = f"/v1/providers/{side.provider_id}/space"
    for prefixes in (["10.0.0.0/8", "192.168.0.0/16"], ["10.0.0.0/8"]):
        answer = world.ask("POST", space, {"prefixes": prefixes}, If_Match="*")
        assert answer.status == 200, answer.body
    person = world.person("officer")
    assert world.ask("PATCH", f"/v1/persons/{person}", {"name": "Wed"}, "operator", If_Match="*").status == 200
    for step in ("close", "reopen"):
        world.take(f"/v1/persons/{person}/{step}", "operator")
    token = world.ask("GET", "/v1/self", who=world.token("officer", holder=person)).json["token_id"]
    world.take(f"/v1/tokens/{token}/revoke", "operator")


def _applications(world: World) -> None:
    side = world.sides[0]
    drafted = f"/v1/applications/{world.draft(side)['id']}"
    body = {"entries": [world.address()], "documents": papers()}
    assert world.ask("PATCH", drafted, body, If_Match="*").status == 200
    world.take(f"{drafted}/withdraw", side.tokens["registrant"])
    submitted = world.submitted(side)
    world.take(f"{submitted}/return", "officer", {"reason": "which office?"})
    world.take(f"{submitted}/submit", side.tokens["registrant"])
    world.take(f"{submitted}/refuse", "officer", {"reason": "no"})
    headers = {"Idempotency_Key": "the-same", "If_Match": "*"}
    answers = [world.ask("POST", "/v1/registrants", {"kind": "individual", "name": "Once"}, **headers) for _ in "12"]
    assert [each.status for each in answers] == [201, 201], answers
    assert [each.headers.get("idempotent-replayed") for each in answers] == [None, "true"]


def _jobs(world: World) -> None:
    for name in PROVIDERS:
        world.make("/v1/providers", {"name": name})
    rows = [member(number + 2_000_000) for number in range(6)]
    for wrong, state, count in ((True, "refused", 1), (False, "done", 0)):
        data = csv_of([rows[0] | {"ports": "70000"}, *rows[1:]] if wrong else rows)
        job = world.ask("POST", "/v1/imports", data, Content_Type="text/csv")
        assert job.status == 201, job.body
        assert world.ended(job.json["id"])["state"] == state
        assert len(world.ask("GET", f"/v1/jobs/{job.json['id']}/faults").json["items"]) == count
    job_id = world.make("/v1/exports", {"of": "applications"})["id"]
    assert world.ended(job_id)["state"] == "done"
    assert b"M-200000" in world.ask("GET", f"/v1/jobs/{job_id}/result").body


def _steps(world: World) -> None:
    side = world.sides[0]
    ids = world.registered(side, *(world.address() for _ in range(3)))
    one = f"/v1/registrations/{ids[0]}"
    world.take(f"{one}/renew", side.tokens["registrant"])
    intent = world.take(f"{one}/suspend", "officer", {"reason": "a test"})
    path = f"/v1/intents/{intent.json['id']}"
    world.take(f"{path}/confirm", "officer", {"live": 1})
    world.take(f"{one}/resume", "officer")
    for step in ("confirm", "cancel"):
        intent = world.take(f"/v1/registrations/{ids[1]}/revoke", "officer", {"reason": "a test"})
        path = f"/v1/intents/{intent.json['id']}"
        world.take(f"{path}/{step}", "second", {"live": 1} if step == "confirm" else None)
        if step == "confirm":
            world.take(f"{path}/undo", "officer")


def _end(registry: Registry) -> None:
    """Have the end of two registrations come: of one there is traffic at an edge, so that it is held, and renewed."""
    site, world = registry.site, registry.world
    addresses = [world.address() for _ in range(2)]
    id_, used = _registered(world, addresses)
    edge = registry.wicket("edges", "add", "north", "--login", NORTH)
    assert (edge["name"], edge["login"]) == ("north", NORTH)
    feed = RegistryFeed(site.url(NORTH), "north")
    start = feed.snapshot(Position("", 0), Digest())
    feed.acknowledge(start.position.epoch, [(start.position.serial, 1.0)])
    assert feed.report(report(10 * 24 * 3600.0, listed([addresses[1]])))
    site.sql(f"UPDATE registration SET valid_until = now() - interval '1 minute' WHERE id IN ('{id_}', '{used}')")

    def state() -> Any:
        return world.ask("GET", f"/v1/registrations/{id_}").json["state"] == "expired"

    wait_for(state, "the worker takes off what has come to its end")
    in_intent = f"SELECT count(*) FROM intent_item WHERE registration_id = '{used}' AND is_open"
    wait_for(lambda: site.value(in_intent), "what is in use is held")
    world.take(f"/v1/registrations/{used}/renew", world.sides[0].tokens["registrant"])
    assert site.value(in_intent) == 0
    deltas = feed.deltas(start.position, Digest.of(start.entries))
    assert sum(len(each.removed) for each in deltas if not isinstance(each, str)) == 1
    feed.close()
    (shown,) = world.ask("GET", "/v1/edges").json["items"]
    assert (shown["login"], shown["serial"], shown["watched_hours"]) == (NORTH, start.position.serial, 240.0)
    assert registry.wicket("edges", "bind", edge["id"])["login"] is None
    assert registry.wicket("edges", "bind", edge["id"], NORTH)["login"] == NORTH
    world.take(f"/v1/edges/{edge['id']}/retire", "operator")
    rows = [row["action"] for row in registry.wicket("audit", "list", "--object", edge["id"])]
    assert sorted(rows) == ["edge.bind", "edge.bind", "edge.bind", "edge.create", "edge.retire"]


def _registered(world: World, addresses: list[str]) -> list[str]:
    """Return the registrations of addresses, in their order."""
    ids = world.registered(world.sides[0], *addresses)
    held = {world.ask("GET", f"/v1/registrations/{id_}").json["prefix"]: id_ for id_ in ids}
    return [held[address] for address in addresses]


def test_an_api_whose_login_may_not_upgrade_says_who_does(site: Site, tmp_path: Path) -> None:
    site.database.downgrade("0008")
    file = tmp_path / "api.toml"
    urls = {"api": site.url(USUAL.api), "worker": site.url(USUAL.worker), "owner": site.url(OWNER)}
    file.write_text(CONFIG.format(directory=tmp_path, key=key().path, **urls))
    with pytest.raises(Refused, match="owner run `wicket registry upgrade`") as refused:
        create_app(configuration.load(file))
    assert refused.value.kind == "unavailable"
