"""The command that asks what an agent's machine lacks to be an edge."""

from dataclasses import dataclass

from pydantic import Field

from control.commands.request import Reply, Request


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: what, whether it is good, what was found, and what to do if it is not."""

    what: str
    good: bool
    found: str
    mend: str = ""


class Examined(Reply):
    """What was found on the machine, as the agent sees it."""

    findings: list[Finding] = Field(description="In the order in which it was looked at.")


class Examine(Request[Examined]):
    """Look at everything that an edge needs; the program is compiled and loaded once, to see."""

    verb = "doctor"
    reply = Examined
