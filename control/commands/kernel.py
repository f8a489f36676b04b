"""How an instance stands by what is in the kernel alone, for when no agent answers."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from control.commands.bypass import BypassState
from control.commands.policy import Rule


class Carrier(BaseModel):
    """A link that carries a program of the instance."""

    name: str
    namespace: int = Field(description="Inode of its network namespace.")
    mode: str | None = Field(description="`native` or `generic`.")


class KernelStatus(BaseModel):
    """What is in the kernel."""

    model_config = ConfigDict(frozen=True)

    source: Literal["kernel"] = "kernel"
    instance: str
    agent: str = Field(description="Why the agent was not asked.")
    bypass: BypassState
    lease_left: float = Field(description="Seconds for which dropping is still allowed.")
    policy: dict[str, Rule]
    programs: list[int] = Field(description="Ids of the instance's programs.")
    revision: int | None = Field(description="Of the live list; none before the first.")
    serial: int | None = Field(description="Of the local list in it.")
    interfaces: list[Carrier]
    unreached: list[str] = Field(description="Network namespaces that could not be looked into, and why.")
