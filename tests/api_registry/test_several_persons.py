"""Where several persons have to act: every endpoint that asks for them, and every way to be one who looks like two."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.api_registry.rows import BY_OPERATION
from tests.api_registry.world import World

CONFIRM, APPROVE = "POST /v1/applications/{application_id}/confirm", "POST /v1/applications/{application_id}/approve"
STEPS, DECIDE = "POST /v1/applications/steps", "POST /v1/intents/{intent_id}/confirm"
SEVERAL = (CONFIRM, APPROVE, STEPS, DECIDE)
"""Operations that somebody else has to have prepared."""


class People:
    """Two officers, an operator, a registrant and a provider, and who made whose token.

    Attributes:
        one: the first officer's token, who prepares everything.
        again: another of the same officer's.
        other: the second officer's, which an operator made.
        both: a token of a person who is officer and operator, as operator; ``its_officer`` as officer.
        made: a second officer's token, made by ``both``.
    """

    def __init__(self, world: World) -> None:
        self.one, self.other = world.tokens["officer"], world.tokens["second"]
        self.again = world.token("officer", holder=world.ids["first_officer_id"])
        person = world.person("officer", "operator")
        self.both, self.its_officer = (world.token(scope, holder=person) for scope in ("operator", "officer"))
        self.made = world.token("officer", who=self.both)
        self.side = world.sides[0]
        holders = {"registrant": self.side.registrant_id, "provider": self.side.provider_id}
        self.by_one = {scope: world.token(scope, who=self.one, holder=id_) for scope, id_ in holders.items()}


@pytest.fixture(scope="module")
def people(world: World) -> People:
    return People(world)


def act(world: World, path: str, token: str, body: Any = None) -> int:
    return world.ask("POST", path, body, token, If_Match="*").status


def submitted(world: World, people: People, by: str) -> str:
    path = f"/v1/applications/{world.draft(people.side)['id']}"
    world.take(f"{path}/submit", by)
    return path


def confirmed(world: World, people: People, submitter: str, confirmer: str) -> str:
    path = submitted(world, people, submitter)
    world.take(f"{path}/confirm", confirmer)
    return path


def in_bulk(world: World, path: str, step: str, token: str) -> int:
    id_ = path.rpartition("/")[2]
    version = world.ask("GET", path).json["version"]
    return act(world, "/v1/applications/steps", token, {"step": step, "versions": {id_: version}})


def revocation(world: World, people: People, by: str) -> str:
    (id_,) = world.registered(people.side)
    body = {"step": "revoke", "reason": "a test", "versions": {id_: 1}}
    return f"/v1/intents/{world.make('/v1/intents', body, by)['id']}/confirm"


def stricter(world: World, people: People, by: str) -> str:
    for intent in world.ask("GET", "/v1/intents?state=open").json["items"]:
        world.take(f"/v1/intents/{intent['id']}/cancel", people.one)
    answer = world.ask("PUT", "/v1/policy", {"esp": {"mode": "enforce", "share": 1}}, by)
    assert answer.status == 202
    return f"{answer.headers['location']}/confirm"


def test_who_approves_has_neither_submitted_nor_confirmed(world: World, people: People) -> None:
    side, mine = people.side.tokens, people.by_one
    #    who submitted,       who confirmed,      who approves, and whether that is a third person
    table = [
        (side["registrant"], side["provider"], people.one, True),
        (people.one, side["provider"], people.one, False),
        (people.one, side["provider"], people.again, False),
        (people.one, side["provider"], people.other, True),
        (mine["registrant"], side["provider"], people.one, False),
        (mine["registrant"], side["provider"], people.again, False),
        (mine["registrant"], side["provider"], people.other, True),
        (side["registrant"], mine["provider"], people.one, False),
        (side["registrant"], mine["provider"], people.other, True),
        (people.its_officer, side["provider"], people.made, False),
        (people.made, side["provider"], people.its_officer, False),
    ]
    for number, (submitter, confirmer, approver, third) in enumerate(table):
        path = confirmed(world, people, submitter, confirmer)
        found = in_bulk(world, path, "approve", approver) if number % 2 else act(world, f"{path}/approve", approver)
        assert found == (200 if third else 403), number


def test_who_confirms_has_not_submitted(world: World, people: People) -> None:
    side, mine = people.side.tokens, people.by_one
    table = [
        (side["registrant"], side["provider"], True),
        (people.one, side["provider"], True),
        (people.one, mine["provider"], False),
        (people.again, mine["provider"], False),
        (mine["registrant"], mine["provider"], True),  # whoever made both is neither
        (people.other, mine["provider"], True),
    ]
    for number, (submitter, confirmer, second) in enumerate(table):
        status = 200 if second else 403
        assert act(world, f"{submitted(world, people, submitter)}/confirm", confirmer) == status, number
        assert in_bulk(world, submitted(world, people, submitter), "confirm", confirmer) == status, number


@pytest.mark.parametrize("prepare", [revocation, stricter])
def test_a_pair_of_eyes_is_two_persons(
    world: World, people: People, prepare: Callable[[World, People, str], str]
) -> None:
    table = [
        (people.one, people.one, False),
        (people.one, people.again, False),
        (people.again, people.one, False),
        (people.its_officer, people.made, False),
        (people.made, people.its_officer, False),
        (people.one, people.other, True),
    ]
    for number, (proposer, confirmer, pair) in enumerate(table):
        path = prepare(world, people, proposer)
        live = 1 if prepare is revocation else 0
        assert act(world, path, confirmer, {"live": live}) == (200 if pair else 403), number
    world.ask("PUT", "/v1/policy", {"esp": {"mode": "monitor", "share": 100}}, people.one)


def test_an_operator_and_the_same_person_as_officer_are_one(world: World, people: People) -> None:
    for confirmer, status in ((people.its_officer, 403), (people.made, 403), (people.other, 200)):
        path = stricter(world, people, people.both)
        assert act(world, path, confirmer, {"live": 0}) == status
    world.ask("PUT", "/v1/policy", {"esp": {"mode": "monitor", "share": 100}}, people.one)


def test_these_are_operations() -> None:
    assert set(SEVERAL) <= set(BY_OPERATION)


def test_a_holder_is_told_of_a_token_that_somebody_makes_in_its_name(world: World) -> None:
    side = world.side("Told")
    mine = side.tokens["registrant"]
    assert "wicketgate-made-in-your-name" not in world.ask("GET", "/v1/self", who=mine).headers
    world.token("registrant", who="officer", holder=side.registrant_id)
    answer = world.ask("GET", "/v1/self", who=mine)
    (other,) = answer.json["made_by_others"]
    assert answer.headers["wicketgate-made-in-your-name"] == "1"
    assert world.ids["first_officer_id"] in other["makers"]
    world.take(f"/v1/tokens/{other['id']}/revoke", mine)
    assert world.ask("GET", "/v1/self", who=mine).json["made_by_others"] == []
