"""Commands about changes that undo themselves unless they are confirmed."""

from pydantic import BaseModel, Field

from control.commands.request import Order, Reply


class PendingState(BaseModel):
    """A change that undoes itself unless it is confirmed in time."""

    token: str = Field(description="By which any session may confirm it.")
    left_s: float = Field(description="Seconds until it undoes itself.")
    revisions: list[int] = Field(description="Of the live list that it made.")
    policies: list[str] = Field(description="Protocols whose policies it tightened.")
    interface: str | None = Field(default=None, description="That it attached while something was enforced.")
    who: str = Field(description="Made it.")
    reason: str = Field(description="In the words of whoever made it.")


class Confirmed(Reply):
    """Which change stays."""

    token: str = Field(description="Of it.")


class ConfirmChange(Order[Confirmed]):
    """Have a change stay that would undo itself."""

    verb = "confirm"
    reply = Confirmed

    token: str | None = Field(default=None, description="Which; none: the only one that waits.")


class Cancelled(Reply):
    """What was undone."""

    token: str = Field(description="Of the change.")
    undone: list[str] = Field(description="What that did, in words.")


class CancelChange(Order[Cancelled]):
    """Undo a change that waits to be confirmed, at once."""

    verb = "confirm_cancel"
    reply = Cancelled

    token: str = Field(description="Which.")
