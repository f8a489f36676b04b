"""The public question: registered or not, live since when, and nothing else."""

from typing import Any

import pytest

from lab.waiting import wait_for
from tests.api_registry.world import World


def check(world: World, address: str) -> dict[str, Any]:
    answer = world.ask("GET", f"/v1/check?address={address}", who=None)
    assert answer.status == 200, answer.body
    found: dict[str, Any] = answer.json
    return found


def wait_until_live(world: World, address: str, live: bool) -> dict[str, Any]:
    def as_awaited() -> dict[str, Any] | None:
        found = check(world, address)
        return found if found["live"] is live else None

    return wait_for(as_awaited, f"{address}: live is {live}")


def test_from_not_registered_to_live_and_back(world: World) -> None:
    address, side = world.address(), world.sides[0]
    nothing = {"address": address, "registered": False, "live": False, "since": None, "prefix": None, "serial": None}
    assert check(world, address) == nothing
    path = f"/v1/applications/{world.draft(side, address)['id']}"
    for step, who in (("submit", side.tokens["registrant"]), ("confirm", side.tokens["provider"])):
        world.take(f"{path}/{step}", who)
        assert check(world, address) == nothing
    world.take(f"{path}/approve", "officer")
    found = wait_until_live(world, address, True)
    assert found["registered"]
    (registration,) = world.ask("GET", f"/v1/registrations?prefix={address}").json["items"]
    detail = world.ask("GET", f"/v1/registrations/{registration['id']}").json
    assert [edge["at"] for edge in detail["edges"]] == [found["since"]]
    intent = world.take(f"/v1/registrations/{registration['id']}/revoke", "officer", {"reason": "test"}).json
    assert check(world, address)["registered"]
    world.take(f"/v1/intents/{intent['id']}/confirm", "second", {"live": 1})
    assert check(world, address) == nothing


def test_it_does_not_tell_the_prefix(world: World) -> None:
    world.registered(world.sides[0], "10.77.0.0/24")
    answer = wait_until_live(world, "10.77.0.9", True)  # the edge's report would fall between two questions
    assert answer["registered"]
    assert (answer["prefix"], answer["serial"]) == (None, None)
    assert check(world, "::ffff:10.77.0.9") == answer
    assert not check(world, "10.77.1.0")["registered"]


@pytest.mark.parametrize("address", ["", "x", "10.0.0.0/24", "10.0.0.1,10.0.0.2", "10.0.0.1%00", "::1%25eth0%00"])
def test_it_takes_one_address(world: World, address: str) -> None:
    assert world.ask("GET", f"/v1/check?address={address}", who=None).kind == "invalid"


def test_the_past_can_be_asked(world: World) -> None:
    """Was this address allowed on that edge at that time?"""
    address = world.address()
    (id_,) = world.registered(world.sides[0], address)
    since = wait_until_live(world, address, True)["since"]
    edge = world.ask("GET", f"/v1/registrations/{id_}").json["edges"][0]["edge"]
    query = f"address={address}&at={since}&edge={edge}"
    then = world.ask("GET", f"/v1/audit/listed?{query}", who="auditor").json
    assert (then["allowed"], then["registrations"]) == (True, [id_])
    before = world.ask("GET", f"/v1/audit/listed?address={address}&at=2020-01-01T00:00:00Z", who="auditor").json
    assert (before["allowed"], before["serial"]) == (False, 0)
    state = world.ask("GET", f"/v1/audit/state?object={id_}&at={since}", who="auditor").json
    assert (state["fields"]["state"], state["fields"]["prefix"]) == ("active", address)
    nowhere = world.ask("GET", f"/v1/audit/listed?{query.replace(edge, 'nowhere')}", who="auditor")
    assert nowhere.kind == "not-found"
