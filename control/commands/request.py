"""What a command of the agent's socket is: a typed request with a verb, and the typed reply that it has.

A file here is a subject. Agent, command line and API share these models, and docs/agent.md is held to them.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any, ClassVar, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from control.fault import Fault, Kind, Refused, shown
from control.rollout.origin import Door, Origin


class Right(StrEnum):
    """What whoever asks must be allowed: see docs/agent.md for who has which."""

    READ = "read"
    CHANGE = "change"


MEND = "see docs/agent.md for each verb's arguments"


class Reply(BaseModel):
    """What the agent answers. A member that is not known here is of another version, and does not matter."""

    model_config = ConfigDict(extra="ignore", frozen=True)


R = TypeVar("R", bound=Reply)


class Request(BaseModel, Generic[R]):
    """What is asked.

    Attributes:
        verb: by which the agent knows it.
        reply: what it is answered with.
        right: that it takes to ask.
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    verb: ClassVar[str]
    reply: ClassVar[type[Reply]]
    right: ClassVar[Right] = Right.READ

    def head(self) -> dict[str, Any]:
        """Return the request as JSON types, as it goes over the socket."""
        return {"verb": self.verb, **self.model_dump(mode="json", exclude_defaults=True)}


class Order(Request[R]):
    """A request that changes something, and says for whom."""

    right = Right.CHANGE

    door: Door = Field(default=Door.SOCKET, strict=False, description="By which it came to the agent's socket.")
    who: str = Field(default="", max_length=200, description="Who asks, as that door knows them.")
    person: str = Field(default="", max_length=200, description="Who is behind that, where the door knows persons.")
    why: str = Field(default="", max_length=200, description="In the words of whoever asks.")
    until: float | None = Field(
        default=None, description="Seconds of the host's monotonic clock until which the answer is waited for."
    )

    def origin(self) -> Origin:
        """Return where the order comes from, and until when it may be carried out."""
        return Origin(self.door, self.who, self.why, self.until, self.person)


def read(model: type[Request[R]], arguments: dict[str, Any]) -> Request[R]:
    """Return the request that arguments make, without the verb.

    Raises:
        Refused: "bad-request", with a fault for each argument that is missing, unknown or wrong.
    """
    try:
        return model.model_validate(arguments)
    except ValidationError as error:
        faults = [_fault(model.verb, problem) for problem in error.errors(include_url=False)]
        raise Refused(Kind.BAD_REQUEST, "The arguments are wrong", faults) from error


def place(location: Sequence[int | str]) -> str:
    """Return a place in what was asked, as faults have it: ``policy, esp, share``; empty for the whole."""
    return ", ".join(str(step) for step in location if step != "[key]")  # of a name that is wrong itself


def _fault(verb: str, problem: Any) -> Fault:
    where = place(problem["loc"]) or verb
    why = problem["msg"].removeprefix("Value error, ")
    if problem["type"] in ("missing", "extra_forbidden"):
        return Fault(where, "is missing" if problem["type"] == "missing" else f"{verb} has no such argument", MEND)
    return Fault(where, f"{shown(problem['input'])}: {why[:1].lower()}{why[1:]}", MEND)
