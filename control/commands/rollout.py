"""Commands about plans: a policy that is enforced in steps."""

from typing import Annotated

from pydantic import BaseModel, Field

from control.commands.policy import Preview, ProtocolName
from control.commands.request import Order, Reply, Request

Protocols = Annotated[list[ProtocolName], Field(min_length=1)]
Share = Annotated[int, Field(ge=1, le=100)]


class PlanState(BaseModel):
    """How one protocol comes to be enforced."""

    protocol: str
    stage: str = Field(description="`scheduled`, `running`, `paused`, `done`, `undone`, `stopped`.")
    shares: list[int] = Field(description="Per cent of the flows, step by step.")
    share: int = Field(description="In force now; 0 before the first step.")
    next_share: int | None = Field(description="The next; none after the last.")
    soak_s: float = Field(description="Seconds that each share is in force before the next.")
    left_s: float = Field(description="Seconds until the next step, while somebody looks.")
    date: float | None = Field(description="When it is to start, in seconds since 1970; none: it has, or at once.")
    before: str = Field(description="What the policy was before it, to which `undo` goes back.")
    why: str = Field(description="Why it is paused or stopped.")
    preview: Preview | None = Field(
        default=None, description="What the next share would have refused lately; none: nothing follows."
    )


class Plans(Reply):
    """All plans."""

    plans: list[PlanState]
    token: str | None = Field(default=None, description="By which to confirm the first step, where that is asked for.")


class ReadPlans(Request[Plans]):
    """Ask how plans stand."""

    verb = "rollout"
    reply = Plans


class StartPlan(Order[Plans]):
    """Begin to enforce protocols in steps."""

    verb = "rollout_start"
    reply = Plans

    protocols: Protocols = Field(description="Which.")
    shares: list[Share] | None = Field(default=None, description="Rising; none: as configured.")
    soak: float | None = Field(default=None, ge=1, description="Seconds at each; none: as configured.")
    date: float | None = Field(default=None, description="When to start, in seconds since 1970; none: now.")
    confirm_within: float | None = Field(
        default=None, ge=0, description="Seconds in which the first step is to be confirmed; none: as configured."
    )


class PausePlan(Order[Plans]):
    """Have plans stay where they are."""

    verb = "rollout_pause"
    reply = Plans

    protocols: Protocols = Field(description="Which.")


class ResumePlan(Order[Plans]):
    """Have plans go on that were paused; the present share soaks anew."""

    verb = "rollout_resume"
    reply = Plans

    protocols: Protocols = Field(description="Which.")


class UndoPlan(Order[Plans]):
    """Go back to what the policies were before the plans, at once."""

    verb = "rollout_undo"
    reply = Plans

    protocols: Protocols = Field(description="Which.")


class MovePlan(Order[Plans]):
    """Give plans that have not started another date."""

    verb = "rollout_move"
    reply = Plans

    protocols: Protocols = Field(description="Which.")
    date: float = Field(description="In seconds since 1970.")
