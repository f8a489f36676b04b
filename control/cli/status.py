"""Commands that say how the edge stands, and what it counted."""

import sys

import click

from control.cli import kernel
from control.cli.context import as_json_option, pass_config, shouted
from control.cli.output import agent, print_json, print_table
from control.cli.policy import print_policies
from control.commands.confirm import PendingState
from control.commands.held import HeldItem
from control.commands.kernel import KernelStatus
from control.commands.list import EndState
from control.commands.packets import ReadCounters
from control.commands.rollout import PlanState
from control.commands.status import NetworkState, ReadStatus, Status
from control.config import Config
from control.rollout.plan import OPEN


@click.command()
@as_json_option
@pass_config
def status(config: Config, as_json: bool) -> None:
    """Show how the edge stands."""
    state: Status | KernelStatus = kernel.otherwise(
        lambda: agent(config, kernel.PATIENCE).ask(ReadStatus()), lambda refused: kernel.status(config, refused)
    )
    if as_json:
        print_json(state)
    elif isinstance(state, KernelStatus):
        _show_kernel(state)
    else:
        _show(state)
    sys.exit(1 if isinstance(state, KernelStatus) else 0)


def _show(state: Status) -> None:
    if state.bypass.on:
        click.echo(shouted(state.bypass.by))
    print_table(
        f"instance {state.instance}",
        ("", ""),
        [
            ("list", f"{state.count:,} entries, serial {state.serial}"),
            *_feed_rows(state),
            *_kernel_rows(state),
            ("lease", f"{state.lease.left:,.0f} of {state.lease.seconds:,} s left"),
            ("the network's own", _network(state.network)),
            *[("held", _held(item)) for item in state.held],
            *[("plan", _plan(plan)) for plan in state.plans if plan.stage in OPEN],
            *[("ends", _end(end)) for end in state.ends],
            *[("to confirm", _pending(pending)) for pending in state.to_confirm],
            *[("undid itself", what) for what in state.undone],
            *[("nearly full", why) for why in state.nearly_full],
            *[("not kept", why) for why in state.not_kept],
            *[("found at the start", why) for why in state.found],
            ("pinned", state.pinned),
            ("agent", f"up {state.uptime_s:,.0f} s, {state.memory_bytes / 1e6:.0f} MB"),
        ],
    )
    rows = [
        (interface.name, interface.requested, interface.mode, interface.attached, interface.trouble or "")
        for interface in state.interfaces
    ]
    print_table("interfaces", ("name", "requested", "mode", "guarded", "trouble"), rows)
    print_policies(state.policy)


def _network(network: NetworkState) -> str:
    nat64 = f"; NAT64 behind {', '.join(network.nat64)}" if network.nat64 else ""
    return f"{network.addresses:,} addresses of this router{nat64}" + (
        f"; not all of them: {network.trouble}" if network.trouble else ""
    )


def _plan(plan: PlanState) -> str:
    following = f"{plan.next_share} % in {plan.left_s:,.0f} s" if plan.next_share is not None else "nothing follows"
    why = f"; {plan.why}" if plan.why else ""
    return f"{plan.protocol} {plan.stage} at {plan.share} %, then {following}{why}: wicket rollout status"


def _end(end: EndState) -> str:
    return f"{end.prefix} in {end.left_s:,.0f} s; by {end.who}: {end.reason or '-'}"


def _pending(pending: PendingState) -> str:
    what = f"{pending.interface} attached" if pending.interface else "a change"
    return f"{what}: undoes itself in {pending.left_s:,.0f} s: wicket confirm {pending.token}"


def _held(item: HeldItem) -> str:
    why = "; ".join(item.why)
    return f"{item.count:,} entries, {item.in_use:,} in use, stay live: wicket held show {item.id}; {why}"


def _show_kernel(state: KernelStatus) -> None:
    if state.bypass.on:
        click.echo(shouted(state.bypass.by))
    held = "no list, so that everything passes" if state.revision is None else f"revision {state.revision}"
    print_table(
        f"instance {state.instance}, by what is in the kernel",
        ("", ""),
        [
            ("kernel", f"{held}, serial {state.serial}" if state.revision is not None else held),
            ("lease", f"{state.lease_left:,.0f} s left, then nothing is dropped"),
            ("agent", "does not answer"),
            *[("not looked into", why) for why in state.unreached],
        ],
    )
    rows = [(carrier.name, str(carrier.namespace), carrier.mode) for carrier in state.interfaces]
    print_table("interfaces that carry the program", ("name", "namespace", "mode"), rows)
    print_policies(state.policy)


@click.command()
@as_json_option
@pass_config
def counters(config: Config, as_json: bool) -> None:
    """Show packets and bytes by protocol, verdict and reason."""
    counted = kernel.otherwise(
        lambda: agent(config, kernel.PATIENCE).ask(ReadCounters()).counters, lambda _: kernel.counters(config)
    )
    if as_json:
        print_json([counter.model_dump() for counter in counted])
        return
    columns = ("protocol", "verdict", "reason", "packets", "bytes")
    rows = [[getattr(counter, name) for name in columns] for counter in counted]
    print_table("packets since the program was loaded", columns, rows)


def _kernel_rows(state: Status) -> list[tuple[str, str]]:
    generation = state.generation
    if generation is None:
        return [("kernel", "no list, so that everything passes")]
    room = f"{generation.map_entries:,} of {generation.map_capacity:,} places in the hash map"
    return [
        ("kernel", f"revision {generation.revision}, {room}"),
        ("held revisions", ", ".join(map(str, generation.held))),
    ]


def _feed_rows(state: Status) -> list[tuple[str, str]]:
    if state.feed is None:
        return []
    contact = state.feed.contact
    lag = f", {contact.lag_s:,.0f} s behind at most" if contact else ", not followed any more"
    rows = [
        ("feed", f"{state.feed.count:,} entries, serial {state.feed.serial}{lag}"),
        ("live", f"{state.live.count:,} entries, revision {state.live.revision}"),
    ]
    told = (("feed's trouble", contact.trouble), ("feed's audit", contact.doubt)) if contact else ()
    return [*rows, *((name, value) for name, value in told if value)]
