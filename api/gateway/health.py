"""/v1/status, /healthz, /readyz: how the gateway fares."""

from collections.abc import Callable
from typing import Any

from apiflask import APIBlueprint
from flask import current_app

from api.gateway import agent
from api.gateway.schema import Alive, Ready, Status
from control.fault import Fault, Kind, Refused

READY = "wicketgate-registry-ready"
"""Key of the application's question whether the registry is ready, which gives its serial; where there is one."""

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
    """Ask whether everything that is served here can be; 503 otherwise.

    Where there is a gateway, the agent has to answer and the kernel to decide by a list; where there is a registry,
    its database has to answer.
    """
    demand: Callable[[], int] | None = current_app.extensions.get(READY)
    serial = demand() if demand else 0
    return Ready(serial=_gateways_serial() if agent.is_here() else serial)


def _gateways_serial() -> int:
    status = agent.ask("status")
    if status["generation"] is None:
        fault = Fault("the list", "none is in the kernel, which lets everything pass", "see the log of wicketd")
        raise Refused(Kind.UNAVAILABLE, "The gateway has no list", [fault])
    return int(status["serial"])
