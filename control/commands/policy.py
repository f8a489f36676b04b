"""Commands about the policy: what happens to unregistered traffic, protocol by protocol."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, WithJsonSchema

from control.commands.request import Order, Reply, Request
from control.vocabulary import MODES, VPN_PROTOCOLS


def _one_of(known: tuple[str, ...]) -> AfterValidator:
    def check(name: str) -> str:
        if name not in known:
            raise ValueError(f"it must be one of {', '.join(known)}")
        return name

    return AfterValidator(check)


def _schema_of(known: tuple[str, ...]) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "enum": list(known)})


ProtocolName = Annotated[str, _one_of(VPN_PROTOCOLS), _schema_of(VPN_PROTOCOLS)]
ModeName = Annotated[str, _one_of(MODES), _schema_of(MODES)]


class Rule(BaseModel):
    """What happens to the unregistered handshakes of a protocol. Both members are needed: none is guessed."""

    model_config = ConfigDict(extra="forbid")

    mode: ModeName = Field(description="`monitor` counts, `enforce` drops.")
    share: int = Field(strict=True, ge=0, le=100, description="Per cent of the flows that `enforce` is for.")


Rules = Annotated[dict[ProtocolName, Rule], Field(min_length=1)]
"""A rule for each protocol that is named; one at least."""


class Preview(BaseModel):
    """What a rule would have refused, had it been set: packets that open a session, or any of ESP, AH, PPTP's GRE."""

    protocol: str
    share: int = Field(description="Per cent of the flows that it refuses; 0 in monitor.")
    hour: float | None = Field(description="Packets a second in the last hour; none: nothing is known of it.")
    day: float | None = Field(description="Packets a second in the last day; none: nothing is known of it.")
    known_s: float = Field(description="Of how many seconds of the last day the counters are known.")


class PolicyState(Reply):
    """The policy as the kernel has it."""

    policy: dict[str, Rule] = Field(description="A rule for each protocol.")
    etag: str = Field(description="Names this version of the policy.")
    not_kept: str | None = Field(default=None, description="Why the disk has not taken it; the kernel goes by it.")
    token: str | None = Field(default=None, description="By which to confirm it, or it undoes itself.")
    preview: list[Preview] = Field(default=[], description="Dry run only: what the rules would have refused.")


class ReadPolicy(Request[PolicyState]):
    """Read the policy."""

    verb = "policy"
    reply = PolicyState


class SetPolicy(Order[PolicyState]):
    """Set the rules of the protocols that are named; the others keep theirs."""

    verb = "set_policy"
    reply = PolicyState

    policy: Rules = Field(description="A rule for each protocol named.")
    if_match: str | None = Field(default=None, description="ETag of the policy that it is meant for; none: any.")
    dry_run: bool = Field(default=False, description="Say what the rules would have refused, and set nothing.")
    confirm_within: float | None = Field(
        default=None, ge=0, description="Seconds in which it is to be confirmed; 0: it stays; none: as configured."
    )
