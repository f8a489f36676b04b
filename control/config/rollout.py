"""Settings of how policies are tightened: in which steps, and what has to be confirmed."""

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from control.config.quantity import SECONDS, Quantity
from control.config.values import rising_shares

SOAK = Quantity("duration", SECONDS, least=1)
WITHIN = Quantity("duration", SECONDS, least=0)


class RolloutSettings(BaseModel):
    """What a plan does by default, and how long whoever tightens something has to confirm it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    shares: Annotated[tuple[int, ...], BeforeValidator(rising_shares)] = Field(
        default=(1, 5, 25, 100), description="Per cent of the flows in each step of a plan."
    )
    soak: Annotated[int, BeforeValidator(SOAK.read), SOAK] = Field(
        default=3600, description="Time for which a share is in force before a plan takes the next."
    )
    confirm: Annotated[int, BeforeValidator(WITHIN.read), WITHIN] = Field(
        default=0,
        description="Time within which whatever is tightened by hand has to be confirmed, or it undoes itself; `0s` is "
        "none, unless it is asked for.",
    )
    confirm_first: Annotated[int, BeforeValidator(WITHIN.read), WITHIN] = Field(
        default=600, description="The same for a protocol that is enforced for the first time."
    )
