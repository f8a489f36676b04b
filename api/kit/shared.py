"""What gateway and registry both have a say in, so that it reads the same whichever of them is served here.

``/v1/check`` and ``/v1/policy`` are views of the gateway. Where there is a registry, it answers the one and decides on
the other: it puts itself into the application as a ``Registry``, and neither room imports the other.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from flask import current_app
from prometheus_client.registry import Collector
from pydantic import BaseModel, Field, RootModel
from typing_extensions import Buffer

from api.kit.schema import named
from control.allowlist.entry import Extent, Prefix
from control.commands.policy import PolicyState, Rules, SetPolicy
from control.commands.request import Order, Reply
from control.fault import Refused
from control.vocabulary import VPN_PROTOCOLS

EXTENSION = "wicketgate-registry-port"
"""Key of the application's ``Registry``; nothing where none is served."""


class PolicyModel(RootModel[Rules]):
    """A rule for each protocol; in a PUT, the protocols not named keep theirs."""

    model_config = named("Policy", propertyNames={"enum": list(VPN_PROTOCOLS)})


@dataclass(frozen=True, slots=True)
class CheckQuestion:
    """What the public question is about: one address, as the prefix that is just it, and what it is to be used for.

    Attributes:
        protocol, port: none asks for any.
    """

    address: Prefix
    protocol: str | None = None
    port: int | None = None


class Check(BaseModel):
    """Whether an address is registered, and live, for what is asked. What is not known here, or not said, is null."""

    address: str
    registered: bool = Field(description="Whether it is for what was asked: a protocol, a port, or anything at all.")
    live: bool = Field(
        description="Whether a kernel has it for that: an edge's where there is a registry, else this gateway's."
    )
    registered_for: Extent | None = Field(
        description="Whether it is registered for `everything`, or for `some` protocols or ports; null: for nothing."
    )
    protocols: dict[str, list[str]] = Field(
        description="Protocols that it is registered for, each with its ports; an empty list is every port."
    )
    since: datetime | None = Field(
        description="Since when the first edge has it; null when none has, and where there is no registry."
    )
    prefix: str | None = Field(
        description="The entry that holds the address; null when none does, and where there is a registry, "
        "which tells nobody how wide an entry is."
    )
    serial: int | None = Field(description="Of the gateway's local list; null where there is a registry.")


@dataclass(frozen=True, slots=True)
class PolicyChange:
    """What became of a change of the policy that was asked for.

    Attributes:
        state: the policy in the kernel now.
        intent: path of the intent that the change waits for; none when it is done.
    """

    state: PolicyState
    intent: str | None = None


@dataclass(frozen=True, slots=True)
class Registry:
    """The registry, as far as endpoints ask it that there are without one too.

    Attributes:
        serial: returns its serial; refuses as "unavailable" when its database cannot be read.
        check: answers the public question about one address; refuses as "invalid" a port of what has none.
        change_policy: changes the policy, or proposes to. It is given what reads the order from the request, because
            a refusal to read it is audited as well.
        metrics: collects its metrics.
        note_order: has it audited what the agent was ordered with which body, and what it replied, or refused.
    """

    serial: Callable[[], int]
    check: Callable[[CheckQuestion], Check]
    change_policy: Callable[[Callable[[], SetPolicy]], PolicyChange]
    metrics: Collector
    note_order: Callable[[Order[Any], Buffer, Reply | Refused], None]


def registry() -> Registry | None:
    """Return the registry that is served by the present application; none where there is none."""
    return cast("Registry | None", current_app.extensions.get(EXTENSION))
