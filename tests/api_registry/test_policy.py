"""A policy that refuses more takes two officers; one that lets more through takes none to wait for."""

from collections.abc import Iterator

import pytest

from control import config as configuration
from control.commands.client import AgentSocket
from control.commands.policy import SetPolicy
from control.registry.intents.policies import stricter
from lab.gateway import Answer
from tests.api_registry.conftest import findings
from tests.api_registry.world import World

MONITOR = {"mode": "monitor", "share": 100}


def enforce(share: int) -> dict[str, object]:
    return {"mode": "enforce", "share": share}


@pytest.fixture
def quiet(world: World) -> Iterator[World]:
    """The world with a policy that only counts, and no intent left open."""
    yield world
    for intent in world.ask("GET", "/v1/intents?step=policy&state=open").json["items"]:
        world.take(f"/v1/intents/{intent['id']}/cancel", "officer")
    assert world.ask("PUT", "/v1/policy", {"ike": MONITOR, "esp": MONITOR}).status == 200


def put(world: World, who: str = "officer", **rules: object) -> Answer:
    return world.ask("PUT", "/v1/policy", rules, who)


def policy(world: World, protocol: str = "ike") -> object:
    return world.ask("GET", "/v1/policy").json[protocol]


def confirm(world: World, path: str, who: str) -> Answer:
    return world.ask("POST", f"{path}/confirm", {"live": 0}, who, If_Match="*")


@pytest.mark.parametrize(
    ("now", "wanted", "is_stricter"),
    [
        (MONITOR, enforce(1), True),
        (MONITOR, enforce(0), False),
        (enforce(0), enforce(1), True),
        (enforce(5), enforce(6), True),
        (enforce(5), enforce(5), False),
        (enforce(5), enforce(4), False),
        (enforce(5), MONITOR, False),
        ({"mode": "monitor", "share": 1}, MONITOR, False),
    ],
)
def test_what_counts_as_stricter(now: dict[str, object], wanted: dict[str, object], is_stricter: bool) -> None:
    assert stricter({"ike": now, "esp": MONITOR}, {"ike": wanted}) is is_stricter


@pytest.mark.parametrize("proposer", ["officer", "operator"])
def test_a_stricter_policy_waits_for_a_second_officer(quiet: World, proposer: str) -> None:
    answer = put(quiet, proposer, ike=enforce(5))
    now = quiet.ask("GET", "/v1/policy")
    assert (answer.status, answer.json, answer.headers["etag"]) == (202, now.json, now.headers["etag"])
    path = answer.headers["location"]
    intent = quiet.ask("GET", path).json
    assert (intent["step"], intent["policy"]) == ("policy", {"ike": enforce(5)})
    assert policy(quiet) == MONITOR
    assert confirm(quiet, path, proposer).kind == "forbidden"
    assert policy(quiet) == MONITOR
    done = confirm(quiet, path, "second")
    assert (done.status, done.json["state"]) == (200, "done")
    assert policy(quiet) == enforce(5)
    assert confirm(quiet, path, "second").kind == "conflict"

    id_ = intent["id"]
    rows = [(row["action"], row["outcome"]) for row in quiet.ask("GET", f"/v1/audit?object={id_}").json["items"]]
    assert {("intent.policy", "done"), ("intent.done", "done")} <= set(rows)
    assert "refused" in {outcome for _, outcome in rows}


def test_letting_more_through_is_instant(quiet: World) -> None:
    confirm(quiet, put(quiet, ike=enforce(5)).headers["location"], "second")
    for looser in (enforce(4), MONITOR):
        answer = put(quiet, ike=looser)
        assert (answer.status, answer.json["ike"], policy(quiet)) == (200, looser, looser)
        assert answer.headers["etag"] == quiet.ask("GET", "/v1/policy").headers["etag"]
    (row,) = quiet.ask("GET", "/v1/audit?object=gateway&sort=-seq&limit=1").json["items"]
    assert (row["action"], row["outcome"]) == (f"gateway.{SetPolicy.verb}", "done")
    assert row["after"]["reply"]["policy"]["ike"] == MONITOR


def test_a_change_that_does_both_waits_as_a_whole(quiet: World) -> None:
    confirm(quiet, put(quiet, ike=enforce(5)).headers["location"], "second")
    assert put(quiet, ike=MONITOR, esp=enforce(1)).status == 202
    assert (policy(quiet), policy(quiet, "esp")) == (enforce(5), MONITOR)


def test_a_cancelled_policy_is_gone_and_one_is_open_at_a_time(quiet: World) -> None:
    path = put(quiet, ike=enforce(5)).headers["location"]
    assert put(quiet, esp=enforce(5)).kind == "conflict"
    quiet.take(f"{path}/cancel", "officer")
    assert confirm(quiet, path, "second").kind == "conflict"
    assert policy(quiet) == MONITOR


def test_what_the_agent_refuses_stays_open(quiet: World) -> None:
    """The policy has changed since, so that the agent does not take what was agreed to for another."""
    path = put(quiet, ike=enforce(5)).headers["location"]
    assert put(quiet, esp=MONITOR).status == 200
    assert confirm(quiet, path, "second").kind == "stale"
    assert (quiet.ask("GET", path).json["state"], policy(quiet)) == ("open", MONITOR)


def test_a_policy_that_is_not_the_one_that_was_read(quiet: World) -> None:
    answer = quiet.ask("PUT", "/v1/policy", {"ike": enforce(5)}, If_Match='"another"')
    assert (answer.kind, policy(quiet)) == ("stale", MONITOR)


def test_what_is_set_at_the_gateway_itself_is_told_by_the_audit(quiet: World) -> None:
    gateway = quiet.gateway

    def found() -> list[str]:
        return [each["what"].partition(",")[0] for each in findings(gateway) if each["where"] == "policy of ah"]

    assert put(quiet, ah=MONITOR).status == 200
    assert found() == []
    agent = AgentSocket(configuration.load(gateway.config).socket)
    agent.ask(SetPolicy.model_validate({"policy": {"ah": enforce(7)}, "confirm_within": 0}))
    assert found() == ["7 % of unregistered flows are refused"]
    assert put(quiet, ah=MONITOR).status == 200
    assert found() == []
