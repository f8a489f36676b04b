"""What gateway and registry both have a say in, so that it reads the same whichever of them is served here.

``/v1/check`` and ``/v1/policy`` are views of the gateway. Where there is a registry, it answers the one and decides on
the other: it puts itself into the application as a ``Registry``, and neither room imports the other.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, cast

from flask import current_app
from pydantic import AfterValidator, BaseModel, Field, RootModel, WithJsonSchema

from api.kit.schema import Strict, named
from control.allowlist.entry import Prefix
from control.vocabulary import MODES, VPN_PROTOCOLS

EXTENSION = "wicketgate-registry-port"
"""Key of the application's ``Registry``; nothing where none is served."""


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


class Rule(Strict):
    """What happens to the unregistered handshakes of a protocol. Both members are needed: none is guessed."""

    mode: ModeName = Field(description="`monitor` counts, `enforce` drops.")
    share: int = Field(strict=True, ge=0, le=100, description="Per cent of the flows that `enforce` is for.")


class PolicyModel(RootModel[dict[ProtocolName, Rule]]):
    """A rule for each protocol; in a PUT, the protocols not named keep theirs."""

    model_config = named("Policy", propertyNames={"enum": list(VPN_PROTOCOLS)}, minProperties=1)


class Check(BaseModel):
    """Whether an address is registered, and live. What is not known here, or not said, is null."""

    address: str
    registered: bool
    live: bool = Field(description="Whether a kernel has it: an edge's where there is a registry, else this gateway's.")
    since: datetime | None = Field(
        description="Since when the first edge has it; null when none has, and where there is no registry."
    )
    prefix: str | None = Field(
        description="The entry that holds the address; null when none does, and where there is a registry, "
        "which tells nobody how wide an entry is."
    )
    serial: int | None = Field(description="Of the gateway's local list; null where there is a registry.")


Rules = Mapping[str, Mapping[str, Any]]
"""Protocol to ``mode`` and ``share``, as the agent takes and gives them."""


@dataclass(frozen=True, slots=True)
class PolicyState:
    """How the policy stands after a change of it was asked for.

    Attributes:
        rules: in the kernel now, of every protocol.
        etag: names their version, with its quotes.
        intent: path of the intent that the change waits for; none when it is done.
    """

    rules: Rules
    etag: str
    intent: str | None = None


@dataclass(frozen=True, slots=True)
class Registry:
    """The registry, as far as endpoints ask it that there are without one too.

    Attributes:
        serial: returns its serial; refuses as "unavailable" when its database cannot be read.
        check: answers the public question about one address.
        change_policy: changes the policy, or proposes to. It is given what reads the rules and the ETag (none for any
            state) from the request, because a refusal to read them is audited as well.
    """

    serial: Callable[[], int]
    check: Callable[[Prefix], Check]
    change_policy: Callable[[Callable[[], tuple[Rules, str | None]]], PolicyState]


def registry() -> Registry | None:
    """Return the registry that is served by the present application; none where there is none."""
    return cast("Registry | None", current_app.extensions.get(EXTENSION))
