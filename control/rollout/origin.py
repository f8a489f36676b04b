"""Where a change comes from: who asks, by which door, until when, and why."""

from dataclasses import dataclass
from enum import StrEnum

from control.fault import Fault, Kind, Refused


class Door(StrEnum):
    """The way on which a change comes in."""

    SOCKET = "socket"
    COMMAND = "command"
    API = "api"
    FEED = "feed"
    START = "start"
    BREAKER = "breaker"
    CONFIRM = "confirm"
    PLAN = "plan"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a change comes from.

    Attributes:
        door: by which it comes in.
        who: asks for it, as that door knows them; empty: the door does not say.
        why: in the words of whoever asks.
        person: who is behind it, as one that can be told apart from others where two are asked for; empty: nobody is.
        until: seconds of the host's monotonic clock (control/host/clock.py) until which whoever asks waits for the
            answer; none: for good.
    """

    door: Door = Door.SOCKET
    who: str = ""
    why: str = ""
    until: float | None = None
    person: str = ""

    @property
    def logged(self) -> dict[str, str]:
        """What a log says of it beside what was done."""
        said = {"who": self.who, "why": self.why}
        return {"door": self.door.value} | {name: text for name, text in said.items() if text}

    def demand_time(self, now: float) -> None:
        """Refuse what nobody waits for any more: who was told that it failed must not find it done.

        Raises:
            Refused: "unavailable": it is too late.
        """
        if self.until is not None and now > self.until:
            why = "whoever asked for it has given up waiting"
            fault = Fault("the request", why, "ask again, if it is still wanted; nothing was done")
            raise Refused(Kind.UNAVAILABLE, "The request came too late", [fault])


NOBODY = Origin()
"""Nobody in particular, who waits for good."""
