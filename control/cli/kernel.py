"""What the commands show where no agent answers: what is in the kernel, which goes on without it."""

from collections.abc import Callable
from dataclasses import asdict
from typing import TypeVar

import click

from control.commands.kernel import Carrier, KernelStatus
from control.commands.packets import Counter
from control.commands.policy import Rule
from control.config import Config
from control.fault import Kind, Refused

PATIENCE = 5.0
"""Seconds for which the agent is waited for, where the kernel says, or does, what is asked for without it."""

Asked = TypeVar("Asked")
Seen = TypeVar("Seen")


def otherwise(ask: Callable[[], Asked], look: Callable[[Refused], Seen]) -> Asked | Seen:
    """Ask the agent, and where it does not answer look into the kernel, and say so.

    Raises:
        Refused: as the agent does; or it does not answer, and the kernel cannot be looked into either.
    """
    try:
        return ask()
    except Refused as refused:
        if refused.kind != Kind.UNAVAILABLE:
            raise
        try:
            shown = look(refused)
        except Refused:
            raise refused from None  # why the agent does not answer says more
        click.echo(f"the agent does not answer, this is what the kernel has: {refused.faults[0]}", err=True)
        return shown


def status(config: Config, refused: Refused) -> KernelStatus:
    """Return how the instance stands by what is in the kernel.

    Raises:
        Refused: this user may not look, or nothing is loaded.
    """
    from control.datapath import view
    from control.edge.bypass import state_of
    from control.edge.policies import rules_of

    seen = view.of(config.pins)
    return KernelStatus(
        instance=config.instance,
        agent=str(refused.faults[0]),
        bypass=state_of(seen.brake),
        lease_left=round(seen.lease_left, 1),
        policy=rules_of(seen.policies),
        programs=seen.programs,
        revision=seen.revision,
        serial=seen.serial,
        interfaces=[
            Carrier(name=link.name, namespace=namespace.inode, mode=link.mode) for namespace, link in seen.carriers
        ],
        unreached=seen.unreached,
    )


def counters(config: Config) -> list[Counter]:
    """Return what the program counted.

    Raises:
        Refused: as for ``status``.
    """
    from control.datapath import view

    with view.controls(config.pins) as controls:
        return [Counter(**asdict(row)) for row in controls.counts()]


def policies(config: Config) -> dict[str, Rule]:
    """Return the policies as the kernel has them.

    Raises:
        Refused: as for ``status``.
    """
    from control.datapath import view
    from control.edge.policies import rules_of

    with view.controls(config.pins) as controls:
        return rules_of(controls.policies())


def is_dropping(config: Config) -> bool | None:
    """Return whether packets can be dropped now; None where that cannot be known."""
    from control.datapath import brake

    try:
        return brake.is_dropping(config.pins)
    except (Refused, OSError):
        return None
