"""A hostile registrant's and a hostile provider's stories, by the API alone, as they are served."""

import csv
import io
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lab.gateway import running
from tests.api_registry.world import Side, World, begin, papers, settings

BOUND = 4096
"""IPv4 addresses of one application of a company."""


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory, bpffs: Path) -> Iterator[World]:
    """A registry of its own, in which nothing else goes on."""
    directory = tmp_path_factory.mktemp("hostile")
    with running(directory, bpffs, more=settings(directory)) as gateway:
        yield begin(gateway)


def live(world: World) -> int:
    """Return how many IPv4 addresses are live."""
    rows = world.ask("GET", "/v1/registrations?state=active&limit=200").json["items"]
    return sum(1 << 32 - int(row["prefix"].partition("/")[2] or 32) for row in rows)


def apply(world: World, side: Side, *entries: object, provider: str = "") -> dict[str, Any]:
    body = {
        "registrant_id": side.registrant_id,
        "provider_id": provider or side.provider_id,
        "category": "company",
        "documents": papers(),
        "entries": list(entries),
    }
    answer = world.ask("POST", "/v1/applications", body, side.tokens["registrant"])
    return {"status": answer.status, **(answer.json if answer.status == 201 else {"text": answer.body.decode()})}


def step(world: World, id_: str, name: str, who: str, body: Any = None) -> Any:
    return world.ask("POST", f"/v1/applications/{id_}/{name}", body, who, If_Match="*")


def test_a_hostile_registrant(town: World) -> None:
    victim, thief = town.side("Victim"), town.side("Thief")
    registered = town.registered(victim, "10.50.0.0/24")
    secret = {victim.registrant_id, registered[0], "10.50.0"}

    # asks for everything: refused by the category's bounds, whatever the form
    for entries in (["0.0.0.0/1"], [f"{number}.0.0.0/8" for number in range(11, 60)], ["10.0.0.0/8"], ["2001::/16"]):
        assert apply(town, thief, *entries)["status"] == 422
    assert apply(town, thief, *(f"10.60.{number}.0/24" for number in range(17)))["status"] == 422

    # probes for what others hold: submissions and dry runs succeed, and every answer says the same of held and of free
    answers = []
    for prefix in ("10.50.0.7", "10.51.0.7"):
        made = apply(town, thief, prefix)
        answers.append(step(town, made["id"], "submit", thief.tokens["registrant"]))
        assert answers[-1].status == 200
        assert not [word for word in secret - {"10.50.0"} if word in answers[-1].body.decode()]
    shapes = [
        {name: answer.json[name] for name in ("state", "held_by_others", "outside", "steps")} for answer in answers
    ]
    assert shapes[0] == shapes[1]
    for prefix in ("10.50.0.8", "10.51.0.8"):
        job = dry_run(town, thief, prefix)
        assert (job["state"], job["result"]["faults"]) == ("done", 0)

    # takes another's id, or reference, for its own
    for reference in (victim.registrant_id, registered[0]):
        patch = {"reference": reference}
        path = f"/v1/registrants/{thief.registrant_id}"
        assert town.ask("PATCH", path, patch, thief.tokens["registrant"], If_Match="*").status == 422
    assert (
        town.ask(
            "PATCH", f"/v1/registrants/{victim.registrant_id}", {"reference": "M-1"}, "officer", If_Match="*"
        ).status
        == 200
    )
    refused = town.ask(
        "PATCH",
        f"/v1/registrants/{thief.registrant_id}",
        {"reference": "M-1"},
        thief.tokens["registrant"],
        If_Match="*",
    )
    assert (refused.status, victim.registrant_id in refused.body.decode()) == (409, False)

    # holds nobody up: the same address, asked for by the thief first, is the victim's all the same
    wanted = "10.52.0.1"
    first = apply(town, thief, wanted)
    assert step(town, first["id"], "submit", thief.tokens["registrant"]).status == 200
    assert town.registered(victim, wanted)
    refused = step(town, first["id"], "confirm", thief.tokens["provider"])
    assert (refused.status, refused.kind) == (409, "conflict")
    assert not [word for word in (victim.registrant_id, registered[0]) if word in refused.body.decode()]

    # once vetted, does not become somebody else
    town.registered(thief, "10.53.0.1")
    path = f"/v1/registrants/{thief.registrant_id}"
    renamed = town.ask("PATCH", path, {"name": "Victim Ltd"}, thief.tokens["registrant"], If_Match="*")
    assert (renamed.status, renamed.kind) == (403, "forbidden")
    assert town.ask("PATCH", path, {"name": "Thief & Sons"}, "officer", If_Match="*").status == 200

    # does not confirm or approve what is its own, nor fill the registry with drafts
    mine = apply(town, thief, "10.54.0.1")["id"]
    assert step(town, mine, "submit", thief.tokens["registrant"]).status == 200
    for name in ("confirm", "approve"):
        assert step(town, mine, name, thief.tokens["registrant"]).status == 403
    statuses = [apply(town, thief, f"10.55.{number >> 8}.{number & 255}")["status"] for number in range(210)]
    assert statuses[-1] == 409
    assert apply(town, victim, "10.56.0.1")["status"] == 201


def dry_run(world: World, side: Side, prefix: str) -> dict[str, Any]:
    documents = ";".join(f"{paper['kind']}={paper['reference']}={paper['sha256']}" for paper in papers())
    provider = next(
        each["name"] for each in world.ask("GET", "/v1/providers").json["items"] if each["id"] == side.provider_id
    )
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["registrant", "category", "provider", "prefixes", "documents"])
    writer.writerow([side.registrant_id, "company", provider, prefix, documents])
    body = text.getvalue().encode()
    answer = world.ask("POST", "/v1/imports?dry_run=true", body, side.tokens["registrant"], Content_Type="text/csv")
    assert answer.status == 201, answer.body
    return world.ended(answer.json["id"])


def test_a_hostile_provider(town: World) -> None:
    accomplice, neighbour = town.side(f"Accomplice {secrets.token_hex(4)}"), town.side("Neighbour")
    hostile = accomplice.tokens["provider"]
    space = f"/v1/providers/{accomplice.provider_id}/space"
    assert town.ask("POST", space, {"prefixes": ["10.70.0.0/16"]}, hostile, If_Match="*").status == 403
    assert town.ask("POST", space, {"prefixes": ["10.70.0.0/16"]}, "officer", If_Match="*").status == 200
    before = live(town)

    # confirms what is not its own: an officer sees that, and nothing of it is live without a word about it
    outside = apply(town, accomplice, "10.71.0.0/24", "10.70.0.1")["id"]
    assert step(town, outside, "submit", accomplice.tokens["registrant"]).status == 200
    assert step(town, outside, "confirm", hostile).status == 200
    seen = town.ask("GET", f"/v1/applications/{outside}").json
    assert (seen["outside"], seen["covers"]["addresses"], seen["covers"]["prefixes"]) == (1, 257, {"/24": 1, "/32": 1})
    assert step(town, outside, "approve", "officer").kind == "conflict"
    versions = {outside: seen["version"]}
    in_bulk = town.ask("POST", "/v1/applications/steps", {"step": "approve", "versions": versions})
    assert (in_bulk.status, live(town)) == (409, before)

    # a hundred applications to the bound: each has no more live than its category allows
    for number in range(5):
        prefixes = [f"10.70.{number * 16 + place}.0/24" for place in range(1, 16)] + [f"10.70.{number * 16}.128/25"]
        made = apply(town, accomplice, *prefixes)
        assert made["covers"]["addresses"] <= BOUND
        step(town, made["id"], "submit", accomplice.tokens["registrant"])
        step(town, made["id"], "confirm", hostile)
        was = live(town)
        assert step(town, made["id"], "approve", "officer").status == 200
        assert live(town) - was <= BOUND

    # neither sees nor decides what is before another, nor what is still a draft, nor what others hold
    theirs = town.submitted(neighbour).rpartition("/")[2]
    draft = town.draft(accomplice)["id"]
    for id_ in (theirs, draft):
        assert town.ask("GET", f"/v1/applications/{id_}", who=hostile).status == 404
        assert step(town, id_, "confirm", hostile).status == 404
        assert step(town, id_, "refuse", hostile, {"reason": "because"}).status == 404
    for path in ("registrants", "registrations", "intents", "audit", "persons", "edges"):
        assert town.ask("GET", f"/v1/{path}", who=hostile).status == 403

    # keeps nobody out by confirming first what is a neighbour's: an officer returns it, and the neighbour goes on
    grabbed = apply(town, accomplice, "10.72.0.1")["id"]
    step(town, grabbed, "submit", accomplice.tokens["registrant"])
    assert step(town, grabbed, "confirm", hostile).status == 200
    rightful = apply(town, neighbour, "10.72.0.1")["id"]
    assert step(town, rightful, "submit", neighbour.tokens["registrant"]).status == 200
    refused = step(town, rightful, "confirm", neighbour.tokens["provider"])
    assert (refused.status, accomplice.registrant_id in refused.body.decode()) == (409, False)
    assert town.ask("GET", f"/v1/applications/{rightful}").json["held_by_others"] is True
    assert step(town, grabbed, "return", "officer", {"reason": "not your provider's"}).status == 200
    assert step(town, rightful, "confirm", neighbour.tokens["provider"]).status == 200
    assert step(town, rightful, "approve", "officer").status == 200
