"""The public question: registered or not, live since when, and nothing else."""

from typing import Any

import pytest

from control.vocabulary import VPN_PROTOCOLS
from lab.waiting import wait_for
from tests.api_registry.world import World

NOTHING: dict[str, Any] = {"registered": False, "live": False, "since": None, "prefix": None, "serial": None,
           "registered_for": None, "protocols": {}}  # fmt: skip


IPSEC: dict[str, list[str]] = {"ike": [], "esp": [], "ah": []}
"""What belongs together: whoever asks for some of it has it all."""


def check(world: World, address: str, **use: object) -> dict[str, Any]:
    more = "".join(f"&{name}={value}" for name, value in use.items())
    answer = world.ask("GET", f"/v1/check?address={address}{more}", who=None)
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
    nothing = {"address": address} | NOTHING
    assert check(world, address) == nothing
    path = f"/v1/applications/{world.draft(side, address)['id']}"
    for step, who in (("submit", side.tokens["registrant"]), ("confirm", side.tokens["provider"])):
        world.take(f"{path}/{step}", who)
        assert check(world, address) == nothing
    world.take(f"{path}/approve", "officer")
    found = wait_until_live(world, address, True)
    assert (found["registered"], found["registered_for"]) == (True, "everything")
    assert found["protocols"] == {protocol: [] for protocol in VPN_PROTOCOLS}
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


def test_it_is_for_some_protocols_and_ports_only(world: World) -> None:
    narrow, wide = "10.78.0.9", "10.78.0.0/24"
    world.registered(world.sides[0], {"prefix": narrow, "protocols": ["openvpn"], "ports": ["1194", "1196-1198"]})
    found = wait_until_live(world, narrow, True)
    openvpn = {"openvpn": ["1194", "1196-1198"]}
    assert (found["registered"], found["registered_for"], found["protocols"]) == (True, "some", openvpn)
    for use, holds in (
        ({"protocol": "openvpn"}, True), ({"protocol": "openvpn", "port": 1197}, True), ({"port": 1194}, True),
        ({"protocol": "openvpn", "port": 1195}, False), ({"protocol": "ike"}, False), ({"port": 443}, False),
    ):  # fmt: skip
        answer = check(world, narrow, **use)
        expected = (holds, holds, found["since"] if holds else None, "some", openvpn)
        members = ("registered", "live", "since", "registered_for", "protocols")
        assert tuple(answer[member] for member in members) == expected, use
    world.registered(world.sides[0], {"prefix": wide, "protocols": ["ike", "esp"]})
    wait_until_live(world, "10.78.0.1", True)
    both = check(world, narrow, protocol="esp")
    assert (both["registered"], both["live"], both["protocols"]) == (True, True, openvpn | IPSEC)
    assert check(world, "10.78.0.1", protocol="openvpn") == {"address": "10.78.0.1"} | NOTHING | {
        "registered_for": "some", "protocols": IPSEC,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("use", "where", "why"),
    [("protocol=ipsec", "query, protocol", "wireguard"), ("port=0", "query, port", "1"),
     ("port=x", "query, port", "integer"), ("port=65536", "query, port", "65535"),
     ("protocol=esp&port=9", "port", "esp has no ports")],
)  # fmt: skip
def test_there_is_such_a_use(world: World, use: str, where: str, why: str) -> None:
    answer = world.ask("GET", f"/v1/check?address=10.0.0.1&{use}", who=None)
    (error,) = answer.errors
    assert (answer.kind, error["where"], why in error["why"]) == ("invalid", where, True), error


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
