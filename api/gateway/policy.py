"""/v1/policy: what happens to unregistered traffic, protocol by protocol."""

from typing import Any

from apiflask import APIBlueprint
from flask import Response, jsonify
from pydantic import ValidationError

from api.gateway import agent
from api.gateway.schema import Policy
from api.kit import body, etag
from control.fault import Fault, Kind, Refused

blueprint = APIBlueprint("policy", __name__, tag="Policy")


@blueprint.get("/v1/policy")
@blueprint.output(Policy)
def read() -> Response:
    """Read the policy.

    The ETag names its version.
    """
    return answer(agent.ask("policy"))


@blueprint.put("/v1/policy")
@blueprint.output(Policy)
def change() -> Response:
    """Change the policy of some or all protocols.

    The protocols that are not named keep theirs. The answer is the whole policy, as the kernel now has it.
    """
    return answer(agent.ask("set_policy", policy=read_rules(), if_match=etag.if_match()))


def answer(result: dict[str, object]) -> Response:
    """Return the agent's policy as the answer."""
    response = jsonify(Policy.model_validate(result["policy"]).model_dump())
    response.headers["ETag"] = str(result["etag"])
    return response


def read_rules() -> dict[str, dict[str, Any]]:
    """Return the rules that the present request's body asks for, by protocol.

    Raises:
        Refused: "invalid", "bad-request" or "unsupported-media-type".
    """
    wanted = _parse(body.read(["application/json"]))
    return {protocol: rule.model_dump() for protocol, rule in wanted.root.items()}


def _parse(data: bytes) -> Policy:
    """Read a policy from JSON.

    Raises:
        Refused: kind "invalid" with every fault, or "bad-request" when it is not JSON.
    """
    try:
        return Policy.model_validate_json(data)
    except ValidationError as error:
        problems = error.errors(include_url=False)
        broken = problems[0]["type"] == "json_invalid"
        kind, title = (Kind.BAD_REQUEST, "The body is not JSON") if broken else (Kind.INVALID, "The policy is wrong")
        mend = 'send {"PROTOCOL": {"mode": "monitor" or "enforce", "share": 0 to 100}}'
        faults = [Fault(_where(each["loc"]), each["msg"].removeprefix("Value error, "), mend) for each in problems]
        raise Refused(kind, title, faults) from error


def _where(location: tuple[int | str, ...]) -> str:
    return ", ".join(str(step) for step in location if step != "[key]") or "body"
