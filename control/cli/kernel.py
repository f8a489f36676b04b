"""What the commands show where no agent answers: what is in the kernel, which goes on without it."""

from collections.abc import Callable
from typing import TypeVar

import click

from control.commands.kernel import Carrier, KernelStatus
from control.commands.packets import Counter
from control.commands.policy import Rule
from control.config import Config
from control.fault import Kind, Refused

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

    seen = view.of(config.pins)
    return KernelStatus(
        instance=config.instance,
        agent=str(refused.faults[0]),
        bypass=state_of(seen.brake),
        lease_left=round(seen.lease_left, 1),
        policy={name: Rule(mode=rule.mode, share=rule.share) for name, rule in seen.policies.items()},
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

    return [
        Counter(protocol=row.protocol, verdict=row.verdict, reason=row.reason, packets=row.packets, bytes=row.bytes)
        for row in view.of(config.pins).counts
    ]


def is_dropping(config: Config) -> bool | None:
    """Return whether packets can be dropped now; None where that cannot be known."""
    from control.datapath import brake

    try:
        return brake.is_dropping(config.pins)
    except (Refused, OSError):
        return None
