"""/v1/check: the public question, is this address registered, and live?"""

from apiflask import APIBlueprint

from api.gateway.schema import CheckQuery
from api.kit import agent, shared
from api.kit.address import asked_address
from api.kit.contract import NOBODY, Contract, serves
from api.kit.shared import Check, CheckQuestion
from control.commands.packets import CheckAddress

blueprint = APIBlueprint("check", __name__, tag="Check")


@blueprint.get("/v1/check")
@blueprint.input(CheckQuery, location="query", arg_name="query")
@serves(Contract(NOBODY, Check, public=True, rate="check"))
def check(query: CheckQuery) -> Check:
    """Ask whether an address is registered.

    Needs no token, wherever the API listens. Nothing about who asks is kept. With a protocol or a port the answer is
    for that alone; without, for anything that the address is registered for, and `protocols` says for what. Where
    there is a registry, it answers from what its edges have reported, and an address may ask only so often; else the
    gateway answers from its kernel.
    """
    asked = CheckQuestion(asked_address(query.address), query.protocol, query.port)
    registry = shared.registry()
    return registry.check(asked) if registry else _on_this_gateway(asked)


def _on_this_gateway(asked: CheckQuestion) -> Check:
    address = str(asked.address.network_address)
    checked = agent.ask(CheckAddress(address=address, protocol=asked.protocol, port=asked.port))
    return Check(
        address=checked.address,
        registered=checked.registered,
        live=checked.live,
        registered_for=checked.registered_for,
        protocols=checked.protocols,
        since=None,
        prefix=checked.prefix,
        serial=checked.serial,
    )
