"""/v1/check: the public question, is this address registered and live here?"""

from typing import Any

from apiflask import APIBlueprint

from api.gateway import agent
from api.gateway.schema import Check, CheckQuery

blueprint = APIBlueprint("check", __name__, tag="Check")


@blueprint.get("/v1/check")
@blueprint.input(CheckQuery, location="query", arg_name="query")
@blueprint.output(Check)
def check(query: CheckQuery) -> dict[str, Any]:
    """Ask whether an address is registered.

    Needs no token, wherever the API listens. Nothing about who asks is kept.
    """
    return agent.ask("check", address=query.address)
