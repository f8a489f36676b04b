"""/v1/policy: what happens to unregistered traffic, protocol by protocol."""

from apiflask import APIBlueprint
from flask import Response
from pydantic import BaseModel, Field

from api.kit import agent, etag, payload, shared
from api.kit.contract import GATEWAY_READERS, Contract, Outcome, serves, under
from api.kit.payload import JSON
from api.kit.shared import PolicyChange, PolicyModel
from control.commands.policy import Preview, ReadPolicy, SetPolicy
from control.registry.access import scopes

WAITS = Outcome(
    202,
    "It would refuse more, and there is a registry: another officer has to confirm it; the policy is as it was",
    location="Path of the intent that waits for it.",
)
MEND = 'send {"PROTOCOL": {"mode": "monitor" or "enforce", "share": 0 to 100}}'
WRITERS = scopes.token_scopes("policy.change")

blueprint = APIBlueprint("policy", __name__, tag="Policy")


@blueprint.get("/v1/policy")
@under(Contract(GATEWAY_READERS, PolicyModel, versioned=True))
def read() -> Response:
    """Read the policy.

    The ETag names its version.
    """
    return _answer(PolicyChange(agent.ask(ReadPolicy())))


@blueprint.put("/v1/policy")
@under(
    Contract(
        WRITERS, PolicyModel, body=PolicyModel, versioned=True, heeds=("If-Match", "Content-Digest"), also=(WAITS,)
    )
)
def change() -> Response:
    """Change the policy of some or all protocols.

    The protocols that are not named keep theirs. The answer is the whole policy, as the kernel now has it. Where there
    is a registry, what refuses more of any protocol is not set but proposed as a whole: 202, and Location names the
    intent; without one it is set at once.
    """
    registry = shared.registry()
    return _answer(registry.change_policy(_order) if registry else _set())


class Previews(BaseModel):
    """What rules would have refused."""

    previews: list[Preview] = Field(description="One for each protocol named.")


@blueprint.post("/v1/policy/preview")
@serves(Contract(WRITERS, Previews, body=PolicyModel, heeds=("Content-Digest",)))
def preview() -> Previews:
    """Read what rules would have refused in the last hour and day.

    By protocol, in packets a second, with the share chosen; nothing is set. What is not known yet is null.
    """
    wanted = _parse().root
    return Previews(previews=agent.ask(SetPolicy(policy=wanted, dry_run=True)).preview)


def _set() -> PolicyChange:
    return PolicyChange(agent.ask(_order()))


def _answer(change: PolicyChange) -> Response:
    location = {"Location": change.intent} if change.intent else {}
    content = PolicyModel(dict(change.state.policy)).model_dump_json()
    status = WAITS.status if change.intent else 200
    return Response(content, status, {"ETag": change.state.etag, **location}, content_type=JSON)


def _order() -> SetPolicy:
    """Return what the present request wants: the rules of its body, for the policy that If-Match names.

    Raises:
        Refused: "invalid", "bad-request" or "unsupported-media-type".
    """
    return SetPolicy(policy=_parse().root, if_match=etag.if_match())


def _parse() -> PolicyModel:
    """Read a policy from the present request.

    Raises:
        Refused: "invalid" with every fault, "bad-request" or "unsupported-media-type".
    """
    return payload.parse(PolicyModel, "The policy is wrong", MEND)
