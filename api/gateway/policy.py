"""/v1/policy: what happens to unregistered traffic, protocol by protocol."""

from typing import Any

from apiflask import APIBlueprint
from flask import Response
from pydantic import ValidationError

from api.kit import agent, body, etag, shared
from api.kit.contract import GATEWAY_READERS, GATEWAY_WRITERS, Contract, Outcome, under
from api.kit.payload import JSON
from api.kit.shared import PolicyModel, PolicyState, Rules
from control.fault import Fault, Kind, Refused

WAITS = Outcome(
    202,
    "It would refuse more, and there is a registry: another officer has to confirm it; the policy is as it was",
    location="Path of the intent that waits for it.",
)
WRITERS = GATEWAY_WRITERS | {"officer"}

blueprint = APIBlueprint("policy", __name__, tag="Policy")


@blueprint.get("/v1/policy")
@under(Contract(GATEWAY_READERS, PolicyModel, versioned=True))
def read() -> Response:
    """Read the policy.

    The ETag names its version.
    """
    return _answer(_state(agent.ask("policy")))


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
    return _answer(registry.change_policy(_wanted) if registry else _set())


def _set() -> PolicyState:
    rules, named = _wanted()
    return _state(agent.ask("set_policy", policy=rules, if_match=named))


def _state(result: dict[str, Any]) -> PolicyState:
    return PolicyState(result["policy"], str(result["etag"]))


def _answer(state: PolicyState) -> Response:
    location = {"Location": state.intent} if state.intent else {}
    content = PolicyModel.model_validate(state.rules).model_dump_json()
    status = WAITS.status if state.intent else 200
    return Response(content, status, {"ETag": state.etag, **location}, content_type=JSON)


def _wanted() -> tuple[Rules, str | None]:
    """Return the rules that the present request's body asks for, by protocol, and the ETag they are meant for.

    Raises:
        Refused: "invalid", "bad-request" or "unsupported-media-type".
    """
    wanted = _parse(body.read([JSON]))
    return {protocol: rule.model_dump() for protocol, rule in wanted.root.items()}, etag.if_match()


def _parse(data: bytes) -> PolicyModel:
    """Read a policy from JSON.

    Raises:
        Refused: kind "invalid" with every fault, or "bad-request" when it is not JSON.
    """
    try:
        return PolicyModel.model_validate_json(data)
    except ValidationError as error:
        problems = error.errors(include_url=False)
        broken = problems[0]["type"] == "json_invalid"
        kind, title = (Kind.BAD_REQUEST, "The body is not JSON") if broken else (Kind.INVALID, "The policy is wrong")
        mend = 'send {"PROTOCOL": {"mode": "monitor" or "enforce", "share": 0 to 100}}'
        faults = [Fault(_where(each["loc"]), each["msg"].removeprefix("Value error, "), mend) for each in problems]
        raise Refused(kind, title, faults) from error


def _where(location: tuple[int | str, ...]) -> str:
    return ", ".join(str(step) for step in location if step != "[key]") or "body"
