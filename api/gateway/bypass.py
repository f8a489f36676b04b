"""/v1/bypass: the brake of this gateway; while it is on, nothing is dropped."""

from apiflask import APIBlueprint
from flask import Response
from pydantic import BaseModel, ConfigDict, Field

from api.kit import agent, shared
from api.kit.contract import GATEWAY_READERS, Contract, under
from api.kit.payload import JSON, parse
from control.commands.bypass import BypassState, ReadBypass, SetBypass
from control.fault import Fault, Kind, Refused
from control.registry.access import scopes

WRITERS = scopes.token_scopes("policy.change")

blueprint = APIBlueprint("bypass", __name__, tag="Policy")


class Wanted(BaseModel):
    """What is wanted of the brake."""

    model_config = ConfigDict(extra="forbid", strict=True, json_schema_extra={"example": {"on": True}})

    on: bool = Field(description="Whether nothing is to be dropped.")


@blueprint.get("/v1/bypass")
@under(Contract(GATEWAY_READERS, BypassState))
def read() -> Response:
    """Read whether nothing is dropped, whatever the policies say."""
    return _answer(agent.ask(ReadBypass()))


@blueprint.put("/v1/bypass")
@under(Contract(WRITERS, BypassState, body=Wanted, heeds=("Content-Digest",)))
def change() -> Response:
    """Stop all dropping at once, or let the policies decide again.

    Stopping is for one person, and at once. Where there is a registry, nobody lets go of the brake over HTTP: that
    drops again, and is done at the edge.
    """
    wanted = parse(Wanted, "The body is wrong", 'send {"on": true} or {"on": false}')
    if not wanted.on and shared.registry():
        fault = Fault("on", "letting go of the brake drops again", "do it at the edge: wicket bypass off")
        raise Refused(Kind.CONFLICT, "The brake is let go of at the edge", [fault])
    return _answer(agent.ask(SetBypass(on=wanted.on)))


def _answer(state: BypassState) -> Response:
    return Response(state.model_dump_json(), 200, content_type=JSON)
