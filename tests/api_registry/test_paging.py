"""Cursors, filters and sorting."""

import base64
import json
from typing import Any

import pytest

from api.registry.desk import paging
from tests.api_registry.world import World

NAMES = [f"Paged {letter}" for letter in "bdacfeghji"]


@pytest.fixture(scope="module")
def registrants(world: World) -> list[dict[str, Any]]:
    return [
        world.make("/v1/registrants", {"kind": "individual", "name": name, "reference": f"paged-{name}"})
        for name in NAMES
    ]


def walk(world: World, path: str, limit: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    more = ""
    while True:
        page = world.ask("GET", f"{path}{'&' if '?' in path else '?'}limit={limit}{more}").json
        found += page["items"]
        if page["next"] is None:
            return found
        assert len(page["items"]) == limit
        more = f"&cursor={page['next']}"


@pytest.mark.parametrize("sort", ["id", "-id", "name", "-name", "changed_at", "-changed_at"])
@pytest.mark.parametrize("limit", [1, 3, 200])
def test_pages_hold_everything_once_and_in_order(
    world: World, registrants: list[dict[str, Any]], sort: str, limit: int
) -> None:
    found = walk(world, f"/v1/registrants?kind=individual&sort={sort}", limit)
    mine = [each for each in found if each["name"].startswith("Paged")]
    field, falling = sort.removeprefix("-"), sort.startswith("-")
    assert mine == sorted(registrants, key=lambda each: (each[field], each["id"]), reverse=falling)


def test_a_page_does_not_shift_under_its_reader(world: World, registrants: list[dict[str, Any]]) -> None:
    first = world.ask("GET", "/v1/registrants?sort=-id&limit=2").json
    world.make("/v1/registrants", {"kind": "organisation", "name": "came between"})
    second = world.ask("GET", f"/v1/registrants?sort=-id&limit=2&cursor={first['next']}").json
    assert {each["id"] for each in first["items"]}.isdisjoint(each["id"] for each in second["items"])
    assert all(each["name"] != "came between" for each in second["items"])


def test_filters(world: World, registrants: list[dict[str, Any]]) -> None:
    found = world.ask("GET", "/v1/registrants?reference=paged-Paged%20c").json["items"]
    assert [each["name"] for each in found] == ["Paged c"]


@pytest.mark.parametrize(
    "query",
    [
        "sort=contacts",
        "limit=0",
        "limit=201",
        "limit=many",
        "colour=red",
        "cursor=x",
        "cursor=",
        "cursor=W10",
        "cursor=%00",
        "name=%00",
        "kind=ghost",
    ],
)
def test_what_is_not_on_the_list_is_refused(world: World, query: str) -> None:
    assert world.ask("GET", f"/v1/registrants?{query}").kind == "invalid"


def test_a_cursor_is_for_its_list_and_filters(world: World, registrants: list[dict[str, Any]]) -> None:
    cursor = world.ask("GET", "/v1/registrants?limit=1").json["next"]
    for path in ("/v1/registrants?kind=individual", "/v1/registrants?sort=-id", "/v1/officers?"):
        assert world.ask("GET", f"{path}&cursor={cursor}").kind == "invalid"


@pytest.mark.parametrize("subject", ["registrants", "applications", "registrations"])
def test_a_registrant_lists_its_own_alone(world: World, subject: str) -> None:
    side = world.sides[0]
    found = world.ask("GET", f"/v1/{subject}?limit=200", who=side.tokens["registrant"]).json["items"]
    field = "id" if subject == "registrants" else "registrant_id"
    assert found
    assert {each[field] for each in found} == {side.registrant_id}


def test_a_provider_lists_what_was_put_before_it(world: World) -> None:
    side = world.sides[0]
    draft = world.draft(side)["id"]
    for path in ("/v1/applications?limit=200", f"/v1/providers/{side.provider_id}/queue"):
        found = world.ask("GET", path, who=side.tokens["provider"]).json["items"]
        assert found
        assert {each["provider_id"] for each in found} == {side.provider_id}
        assert draft not in [each["id"] for each in found]
    assert world.ask("GET", f"/v1/applications/{draft}", who=side.tokens["provider"]).status == 404


def test_the_queue_says_how_old_it_is(world: World) -> None:
    side = world.sides[1]
    queue = world.ask("GET", f"/v1/providers/{side.provider_id}/queue").json
    assert (queue["waiting"], queue["promised_seconds"]) == (len(queue["items"]), 8 * 3600)
    assert 0 < queue["oldest_seconds"] < 3600


def test_a_cursor_that_was_not_made_here_is_refused_whatever_it_holds(world: World) -> None:
    """Its contents, had they been believed, would have reached the database as any type there is."""
    cursor = world.ask("GET", "/v1/registrants?limit=1").json["next"]
    made = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    digest = json.loads(made[paging.MAC :])[0]
    values: list[Any] = [None, True, 1, 10**30, 1.5, [], {}, "\ud800", "9999-12-31T23:59:59-23:59"]
    for value in values:
        for mac in (made[: paging.MAC], bytes(paging.MAC), b""):
            forged = base64.urlsafe_b64encode(mac + json.dumps([digest, value, value]).encode()).decode()
            answer = world.ask("GET", f"/v1/registrants?limit=1&cursor={forged}")
            assert (answer.status, answer.kind) == (422, "invalid")
    for place in range(len(made)):
        changed = bytearray(made)
        changed[place] ^= 1
        forged = base64.urlsafe_b64encode(changed).decode()
        assert world.ask("GET", f"/v1/registrants?limit=1&cursor={forged}").status == 422
