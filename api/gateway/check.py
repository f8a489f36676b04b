"""/v1/check: the public question, is this address registered, and live?"""

from apiflask import APIBlueprint

from api.gateway.schema import CheckQuery
from api.kit import agent, shared
from api.kit.address import asked_address
from api.kit.contract import NOBODY, Contract, serves
from api.kit.shared import Check
from control.allowlist.entry import Prefix
from control.commands.packets import CheckAddress

blueprint = APIBlueprint("check", __name__, tag="Check")


@blueprint.get("/v1/check")
@blueprint.input(CheckQuery, location="query", arg_name="query")
@serves(Contract(NOBODY, Check, public=True, rate="check"))
def check(query: CheckQuery) -> Check:
    """Ask whether an address is registered.

    Needs no token, wherever the API listens. Nothing about who asks is kept. Where there is a registry, it answers
    from what its edges have reported, and an address may ask only so often; else the gateway answers from its kernel.
    """
    address = asked_address(query.address)
    registry = shared.registry()
    return registry.check(address) if registry else _on_this_gateway(address)


def _on_this_gateway(address: Prefix) -> Check:
    checked = agent.ask(CheckAddress(address=str(address.network_address)))
    return Check(
        address=checked.address,
        registered=checked.registered,
        live=checked.live,
        since=None,
        prefix=checked.prefix,
        serial=checked.serial,
    )
