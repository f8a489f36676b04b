"""Every door shows the same rows to the same person: lists, single rows and exports, by API, command and job."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from control import config
from tests.api_registry.world import World
from tests.cli_registry.conftest import Wicket

UNLIMITED = ("providers", "officers", "persons", "tokens")
"""Lists of the command line that are always whole."""

KINDS = ("registrants", "applications", "registrations", "intents", "jobs", *UNLIMITED)
EXPORTED = ("applications", "registrations")
SHOWN = ("registrants", "applications", "registrations", "jobs")
"""Kinds of which the command line shows a single one."""

Seen = frozenset[str] | str
"""Ids that a door shows, or the kind of its refusal."""


@dataclass(frozen=True)
class Person:
    """Somebody who comes by every door there is for him.

    Attributes:
        token: for the API.
        name: for --as; empty is the operator at the machine, none is nobody whom the command line knows.
    """

    token: str
    name: str | None


@dataclass(frozen=True)
class Doors:
    """The API and the command line, before one database."""

    world: World
    wicket: Wicket
    people: dict[str, Person]
    draft: str
    withdrawn: str

    def listed(self, kind: str, token: str) -> Seen:
        query = "limit=200" + ("&state=open" if kind == "intents" else "")
        ids: list[str] = []
        cursor = ""
        while True:
            answer = self.world.ask("GET", f"/v1/{kind}?{query}{cursor}", who=token)
            if answer.status != 200:
                return answer.kind
            ids += [item["id"] for item in answer.json["items"]]
            if answer.json["next"] is None:
                return frozenset(ids)
            cursor = f"&cursor={answer.json['next']}"

    def listed_by_command(self, kind: str, name: str) -> Seen:
        limit = () if kind in UNLIMITED else ("--limit", "100000")
        done = self.wicket.run(kind, "list", *limit, "--json", who=name)
        if done.exit_code:
            return str(json.loads(done.stderr)["kind"])
        return frozenset(item["id"] for item in json.loads(done.stdout))

    def shown(self, kind: str, token: str, id_: str) -> str:
        answer = self.world.ask("GET", f"/v1/{kind}/{id_}", who=token)
        return id_ if answer.status == 200 else answer.kind

    def shown_by_command(self, kind: str, name: str, id_: str) -> str:
        done = self.wicket.run(kind, "show", id_, "--json", who=name)
        return id_ if done.exit_code == 0 else str(json.loads(done.stderr)["kind"])

    def exported(self, kind: str, token: str) -> Seen:
        ordered = self.world.ask("POST", "/v1/exports", {"of": kind, "format": "ndjson"}, token)
        if ordered.status != 201:
            return ordered.kind
        job = ordered.json["id"]
        self.world.ended(job)
        result = self.world.ask("GET", f"/v1/jobs/{job}/result", who=token)
        assert result.status == 200, result.body
        return ids_of(result.body.decode())

    def exported_by_command(self, kind: str, name: str) -> Seen:
        done = self.wicket.run("export", kind, "--json", who=name)
        return ids_of(done.stdout) if done.exit_code == 0 else str(json.loads(done.stderr)["kind"])


def ids_of(lines: str) -> frozenset[str]:
    return frozenset(json.loads(line)["id"] for line in lines.splitlines())


@pytest.fixture(scope="module")
def doors(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:
    """Own and foreign objects in every state of sight, and people who are the same by every door."""
    own, foreign = world.sides[:2]
    draft = world.draft(own)["id"]
    withdrawn = world.draft(own)["id"]
    world.take(f"/v1/applications/{withdrawn}/withdraw", "officer")
    nowhere: dict[str, Any] = {"registrant_id": foreign.registrant_id, "category": "company"}
    taken_back = world.make("/v1/applications", nowhere)["id"]
    world.take(f"/v1/applications/{taken_back}/withdraw", "officer")
    ids = {"registrant": own.registrant_id, "provider": own.provider_id, "officer": world.ids["first_officer_id"]}
    people = {scope: Person(world.token(scope, holder=id_), id_) for scope, id_ in ids.items()} | {
        "operator": Person(world.tokens["operator"], ""),
        "auditor": Person(world.tokens["auditor"], None),
        "public": Person(world.tokens["public"], None),
    }
    settings = config.load(world.gateway.config)
    wicket = Wicket(tmp_path_factory.mktemp("desk"), settings.registry_url, settings.key_file)
    for person in (people["registrant"], people["provider"]):
        world.ask("POST", "/v1/exports", {"of": "applications"}, person.token)
    yield Doors(world, wicket, people, draft, withdrawn)


SCOPES = ("registrant", "provider", "officer", "operator", "auditor", "public")
AT_THE_MACHINE = ("registrant", "provider", "officer", "operator")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("scope", AT_THE_MACHINE)
def test_the_command_line_lists_what_the_api_lists(doors: Doors, scope: str, kind: str) -> None:
    person = doors.people[scope]
    assert doors.listed_by_command(kind, person.name or "") == doors.listed(kind, person.token)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("scope", SCOPES)
def test_a_single_row_is_there_when_the_list_has_it(doors: Doors, scope: str, kind: str) -> None:
    person = doors.people[scope]
    everything = doors.listed(kind, doors.people["operator"].token)
    listed = doors.listed(kind, person.token)
    assert not isinstance(everything, str)
    assert everything, "a kind without a row shows nothing"
    for id_ in everything:
        expected = listed if isinstance(listed, str) else id_ if id_ in listed else "not-found"
        assert doors.shown(kind, person.token, id_) == expected
        if kind in SHOWN and person.name is not None:
            assert doors.shown_by_command(kind, person.name, id_) == expected


@pytest.mark.parametrize("kind", EXPORTED)
@pytest.mark.parametrize("scope", SCOPES)
def test_an_export_has_what_the_list_has(doors: Doors, scope: str, kind: str) -> None:
    person = doors.people[scope]
    listed = doors.listed(kind, person.token)
    assert doors.exported(kind, person.token) == listed
    if person.name is not None:
        assert doors.exported_by_command(kind, person.name) == listed


def test_nobody_but_the_applicant_and_the_authority_sees_what_was_never_submitted(doors: Doors) -> None:
    for scope, person in doors.people.items():
        listed = doors.listed("applications", person.token)
        sees = scope not in ("provider", "public")
        assert [id_ in listed for id_ in (doors.draft, doors.withdrawn)] == [sees, sees], scope


@pytest.mark.parametrize(
    "words",
    [
        ("audit", "list"),
        ("audit", "head"),
        ("audit", "verify"),
        ("audit", "anchor"),
        ("audit", "at", "reg_1", "2026-11-24T12:00+00:00"),
        ("audit", "standing", "north", "10.0.0.1", "2026-11-24T12:00+00:00"),
        ("registrations", "live"),
        ("registrations", "tick"),
        ("jobs", "work"),
        ("backup", "copy"),
    ],
    ids=" ".join,
)
@pytest.mark.parametrize("scope", ["registrant", "provider"])
def test_what_shows_everything_is_for_who_sees_everything(
    doors: Doors, scope: str, words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert doors.wicket(*words, who=doors.people[scope].name or "", status=1)["kind"] == "forbidden"
    assert list(tmp_path.iterdir()) == []


def test_a_providers_export_tells_whom_to_look_for_and_not_how_to_reach_them(doors: Doors) -> None:
    provider = doors.people["provider"]
    registrant = doors.world.sides[0].registrant_id
    contacts = [{"name": "Contact", "email": "contact@own.example", "phone": "+7 495 1234567"}]
    changed = doors.world.ask("PATCH", f"/v1/registrants/{registrant}", {"contacts": contacts}, If_Match="*")
    assert changed.status == 200
    for scope, reached in (("provider", None), ("registrant", "Contact"), ("officer", "Contact")):
        done = doors.wicket.run("export", "applications", "--json", who=doors.people[scope].name or "")
        rows = [json.loads(line) for line in done.stdout.splitlines()]
        own = [row for row in rows if row["registrant"] == registrant]
        assert {(row["name"], row["contact"]) for row in own} == {("Own", reached)}, scope
    assert "contact@own.example" not in str(doors.world.ask("GET", "/v1/applications", who=provider.token).body)
