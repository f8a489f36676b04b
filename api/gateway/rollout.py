"""/v1/rollout: policies that are enforced in steps; /v1/confirm: changes that undo themselves unless confirmed."""

from typing import TypeVar

from apiflask import APIBlueprint
from pydantic import BaseModel, ConfigDict, Field

from api.kit import agent, payload, shared
from api.kit.contract import GATEWAY_READERS, Contract, serves
from control.commands.confirm import CancelChange, Cancelled, ConfirmChange, Confirmed
from control.commands.rollout import (
    MovePlan,
    PausePlan,
    Plans,
    Protocols,
    ReadPlans,
    ResumePlan,
    Share,
    StartPlan,
    UndoPlan,
)
from control.fault import Fault, Kind, Refused
from control.registry.access import scopes

WRITERS = scopes.token_scopes("policy.change")
Model = TypeVar("Model", bound=BaseModel)

blueprint = APIBlueprint("rollout", __name__, tag="Policy")


class WhichPlans(BaseModel):
    """Of which protocols."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"protocols": ["wireguard"]}})

    protocols: Protocols = Field(description="Which.")


class NewPlan(WhichPlans):
    """A plan to begin."""

    shares: list[Share] | None = Field(None, description="Per cent of the flows, rising; none: as configured.")
    soak: float | None = Field(None, ge=1, description="Seconds at each share; none: as configured.")
    date: float | None = Field(None, description="When to start, in seconds since 1970; none: now.")
    confirm_within: float | None = Field(
        None, ge=0, description="Seconds in which the first step is to be confirmed; none: as configured."
    )


class NewDate(WhichPlans):
    """Another date."""

    model_config = ConfigDict(json_schema_extra={"example": {"protocols": ["wireguard"], "date": 1893456000}})

    date: float = Field(description="In seconds since 1970.")


class WhichChange(BaseModel):
    """Which change stays."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"token": "0123abcd"}})

    token: str | None = Field(None, description="Of it; none: the only one that waits.")


@blueprint.get("/v1/rollout")
@serves(Contract(GATEWAY_READERS, Plans))
def read() -> Plans:
    """Read how plans stand."""
    return agent.ask(ReadPlans())


@blueprint.post("/v1/rollout")
@serves(Contract(WRITERS, Plans, body=NewPlan, heeds=("Content-Digest",)))
def start() -> Plans:
    """Begin to enforce protocols in steps.

    Where there is a registry that takes two officers: propose the policy instead, or begin at the edge.
    """
    wanted = _parse(NewPlan)
    _demand_alone()
    return agent.ask(StartPlan(**wanted.model_dump()))


@blueprint.post("/v1/rollout/pause")
@serves(Contract(WRITERS, Plans, body=WhichPlans, heeds=("Content-Digest",)))
def pause() -> Plans:
    """Have plans stay where they are."""
    return agent.ask(PausePlan(protocols=_parse(WhichPlans).protocols))


@blueprint.post("/v1/rollout/resume")
@serves(Contract(WRITERS, Plans, body=WhichPlans, heeds=("Content-Digest",)))
def resume() -> Plans:
    """Have plans go on; the present share soaks anew."""
    wanted = _parse(WhichPlans)
    _demand_alone()
    return agent.ask(ResumePlan(protocols=wanted.protocols))


@blueprint.post("/v1/rollout/undo")
@serves(Contract(WRITERS, Plans, body=WhichPlans, heeds=("Content-Digest",)))
def undo() -> Plans:
    """Go back to what the policies were before the plans, at once."""
    return agent.ask(UndoPlan(protocols=_parse(WhichPlans).protocols))


@blueprint.post("/v1/rollout/move")
@serves(Contract(WRITERS, Plans, body=NewDate, heeds=("Content-Digest",)))
def move() -> Plans:
    """Give plans that have not started another date."""
    wanted = _parse(NewDate)
    _demand_alone()
    return agent.ask(MovePlan(protocols=wanted.protocols, date=wanted.date))


@blueprint.post("/v1/confirm")
@serves(Contract(WRITERS, Confirmed, body=WhichChange, heeds=("Content-Digest",)))
def confirm() -> Confirmed:
    """Have a change stay that would undo itself."""
    return agent.ask(ConfirmChange(token=_parse(WhichChange).token))


@blueprint.delete("/v1/confirm/<token>")
@serves(Contract(WRITERS, Cancelled))
def cancel(token: str) -> Cancelled:
    """Undo a change that waits to be confirmed, at once."""
    return agent.ask(CancelChange(token=token))


def _demand_alone() -> None:
    """Refuse, where there is a registry, that one person tightens over HTTP."""
    if shared.registry():
        fault = Fault(
            "protocols", "what refuses more takes two officers", "PUT /v1/policy proposes it; or do it at the edge"
        )
        raise Refused(Kind.CONFLICT, "A plan is begun at the edge", [fault])


def _parse(model: type[Model]) -> Model:
    return payload.parse(model, "The body is wrong", "see docs/api.md for the members")
