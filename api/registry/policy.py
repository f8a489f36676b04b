"""/v1/policy where there is a registry: a stricter policy is an intent, which a second officer confirms."""

from collections.abc import Callable
from typing import Any

from apiflask import APIBlueprint
from flask import Response

from api.gateway import agent
from api.gateway import policy as gateway
from api.gateway.schema import Policy
from api.kit import etag
from api.kit.conditions import tag
from api.kit.contract import ATTRIBUTE, Contract
from api.kit.payload import JSON
from api.registry import store
from api.registry.intents import intent_record
from control.commands.policy import ReadPolicy
from control.fault import Fault, Kind, Refused
from control.registry.access import scopes
from control.registry.intents import policies
from control.registry.store.writing import Writing

PROPOSED: dict[int | str, dict[str, str | dict[str, dict[str, Any]]]] = {
    "202": {
        "description": "It would refuse more: the intent, which another officer has to confirm; nothing has changed",
        "headers": {"Location": {"schema": {"type": "string"}, "description": "Path of the intent."}},
        "content": {JSON: {"schema": {"$ref": "#/components/schemas/IntentRecord"}}},
    }
}
"""The other answer to a change."""

blueprint = APIBlueprint("policy", __name__, tag="Policy")
blueprint.get("/v1/policy")(gateway.read)


def _for_officers(view: Callable[[], Response]) -> Callable[[], Response]:
    setattr(view, ATTRIBUTE, Contract(scopes.token_scopes("policy.change"), Policy))
    return view


@blueprint.put("/v1/policy")
@blueprint.doc(responses=PROPOSED)
@blueprint.output(Policy)
@_for_officers
def change() -> Response:
    """Change the policy of some or all protocols.

    What refuses no more than now is set at once. What refuses more of any protocol is proposed as a whole.
    """
    with store.attempting("policy.change", policies.POLICY):
        wanted = {protocol: rule.model_dump() for protocol, rule in gateway.read_rules().items()}
        named = etag.if_match()
    with store.writing() as writing:
        writing.attempt("policy.change", policies.POLICY)
        now = agent.ask(ReadPolicy())
        _demand_match(now.etag, named)
        if policies.stricter(now.model_dump()["policy"], wanted):
            return _propose(writing, wanted, now.etag)
        policies.put(writing, wanted, now.etag, agent.set_policy)
    return gateway.answer(agent.ask(ReadPolicy()))


def _demand_match(now: str, named: str | None) -> None:
    if named not in (None, now):
        fault = Fault("header If-Match", f"is {named}, and the policy is {now} by now", "read it again, and decide")
        raise Refused(Kind.STALE, "The policy is not what you read", [fault])


def _propose(writing: Writing, wanted: dict[str, dict[str, Any]], seen: str) -> Response:
    made = policies.propose(writing, wanted, seen)
    headers = {"Location": f"/v1/intents/{made.id}", "ETag": tag(made.version)}
    record = intent_record(writing.session, made)
    return Response(record.model_dump_json(), 202, headers, content_type=JSON)
