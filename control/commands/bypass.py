"""Commands about the brake: while it is pulled, nothing is dropped."""

from pydantic import Field

from control.commands.request import Order, Reply, Request


class BypassState(Reply):
    """Whether nothing is dropped, whatever the policies say."""

    on: bool = Field(description="Whether the brake is pulled: nothing is dropped.")
    by: list[str] = Field(description="By whom: `command`, `file`.")
    not_kept: str | None = Field(default=None, description="Why it may not outlast a restart of the machine.")


class ReadBypass(Request[BypassState]):
    """Ask whether the brake is pulled."""

    verb = "bypass"
    reply = BypassState


class SetBypass(Order[BypassState]):
    """Pull the brake by command, or let it go."""

    verb = "set_bypass"
    reply = BypassState

    on: bool = Field(description="Whether nothing is to be dropped.")
