"""/v1/status, /healthz, /readyz: how the gateway fares."""

from typing import Any

from apiflask import APIBlueprint

from api import agent
from api.schema import Alive, Ready, Status
from control.fault import Fault, Refused

blueprint = APIBlueprint("health", __name__, tag="Health")


@blueprint.get("/v1/status")
@blueprint.output(Status)
def status() -> dict[str, Any]:
    """Read what the agent says of itself."""
    return agent.ask("status")


@blueprint.get("/healthz")
@blueprint.output(Alive)
def alive() -> Alive:
    """Ask whether the API's process is alive.

    It says nothing of the agent: restarting the API does not help an agent that is gone.
    """
    return Alive()


@blueprint.get("/readyz")
@blueprint.output(Ready)
def ready() -> Ready:
    """Ask whether the agent answers and the kernel decides by a list; 503 otherwise."""
    status = agent.ask("status")
    if status["generation"] is None:
        fault = Fault("the list", "none is in the kernel, which lets everything pass", "see the log of wicketd")
        raise Refused("unavailable", "The gateway has no list", [fault])
    return Ready(serial=status["serial"])
