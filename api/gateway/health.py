"""/v1/status, /healthz, /readyz: how the gateway fares."""

from apiflask import APIBlueprint
from flask import current_app

from api.gateway.readiness import EXTENSION, Readiness
from api.gateway.schema import Alive, Ready
from api.kit import agent, shared
from api.kit.contract import GATEWAY_READERS, NOBODY, Contract, serves
from control.commands.status import ReadStatus, Status
from control.fault import Fault, Kind, Refused

blueprint = APIBlueprint("health", __name__, tag="Health")


@blueprint.get("/v1/status")
@serves(Contract(GATEWAY_READERS, Status))
def status() -> Status:
    """Read what the agent says of itself."""
    return agent.ask(ReadStatus())


@blueprint.get("/healthz")
@serves(Contract(NOBODY, Alive, public=True))
def alive() -> Alive:
    """Ask whether the API's process is alive.

    It says nothing of the agent: restarting the API does not help an agent that is gone.
    """
    return Alive()


@blueprint.get("/readyz")
@serves(Contract(NOBODY, Ready, public=True))
def ready() -> Ready:
    """Ask whether everything that is served here can be; 503 otherwise.

    Where there is a gateway, the agent has to answer and the kernel to decide by a list; where there is a registry,
    its database has to answer. The answer comes within two seconds, whatever hangs.
    """
    readiness: Readiness = current_app.extensions[EXTENSION]
    return Ready(serial=readiness.serial())


def look() -> int:
    """Return the serial of what is served here.

    Raises:
        Refused: "unavailable": something does not answer.
    """
    registry = shared.registry()
    serial = registry.serial() if registry else 0
    return _gateways_serial() if agent.is_here() else serial


def _gateways_serial() -> int:
    status = agent.ask(ReadStatus())
    if status.generation is None:
        fault = Fault("the list", "none is in the kernel, which lets everything pass", "see the log of wicketd")
        raise Refused(Kind.UNAVAILABLE, "The gateway has no list", [fault])
    return status.serial
