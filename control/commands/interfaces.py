"""Commands about the interfaces that an edge guards."""

from pydantic import Field

from control.commands.request import Order, Reply
from control.vocabulary import ATTACH_MODES


class InterfaceState(Reply):
    """How one interface stands: what was asked for beside what is."""

    name: str
    requested: str = Field(description=f"The mode asked for: {', '.join(ATTACH_MODES)}.")
    present: bool = Field(description="Whether there is an interface of that name.")
    attached: bool = Field(description="Whether it carries our program.")
    mode: str | None = Field(description="`native` or `generic` while it does.")
    trouble: str | None = Field(default=None, description="Why it is not guarded.")


class Attached(InterfaceState):
    """An interface that is guarded from now on, or in a dry run would be."""

    warnings: list[str] = Field(description="What is doubtful about it.")
    enforced: list[str] = Field(default=[], description="Protocols of which the unregistered are refused on it.")
    token: str | None = Field(default=None, description="By which to confirm it, or it is detached again.")


class Attach(Order[Attached]):
    """Guard an interface, after a restart too."""

    verb = "attach"
    reply = Attached

    interface: str = Field(description="Its name.")
    dry_run: bool = Field(default=False, description="Say how it would stand, and attach nothing.")
    confirm_within: float | None = Field(
        default=None,
        ge=0,
        description="Seconds in which it is to be confirmed where anything is enforced; 0: not; none: as configured.",
    )
    mode: str = Field(default="auto", description=f"One of {', '.join(ATTACH_MODES)}.")


class Detached(Reply):
    """What is not guarded any more."""

    detached: list[str] = Field(description="The names of those that were guarded.")


class Detach(Order[Detached]):
    """Stop guarding an interface, or all of them."""

    verb = "detach"
    reply = Detached

    interface: str | None = Field(default=None, description="Its name; all of them without one.")
