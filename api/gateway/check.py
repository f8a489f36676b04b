"""/v1/check: the public question, is this address registered and live here?"""

from apiflask import APIBlueprint

from api.gateway import agent
from api.gateway.schema import Check, CheckQuery
from control.commands.packets import AddressChecked, CheckAddress

blueprint = APIBlueprint("check", __name__, tag="Check")


@blueprint.get("/v1/check")
@blueprint.input(CheckQuery, location="query", arg_name="query")
@blueprint.output(Check)
def check(query: CheckQuery) -> AddressChecked:
    """Ask whether an address is registered.

    Needs no token, wherever the API listens. Nothing about who asks is kept.
    """
    return agent.ask(CheckAddress(address=query.address))
