"""Commands about the edge itself: interfaces, policies, counters, how it stands."""

from typing import Any

import click

from control.cli.context import as_json_option, pass_config
from control.cli.output import agent, print_json, print_table
from control.config import Config
from control.fault import Kind, Refused
from control.vocabulary import ATTACH_MODES, MODES, VPN_PROTOCOLS

EVERY_FLOW = 100
"""Share of a protocol that is only counted, in percent, where none is given: monitor drops nothing whatever it is."""


@click.command()
@click.argument("interface")
@click.option("--mode", type=click.Choice(ATTACH_MODES), default="auto", show_default=True)
@as_json_option
@pass_config
def attach(config: Config, interface: str, mode: str, as_json: bool) -> None:
    """Guard INTERFACE from now on, after a restart too.

    In auto mode that is native where the driver can, and generic, which is slower by far, where it cannot.
    """
    state, _ = agent(config).call("attach", interface=interface, mode=mode)
    if as_json:
        print_json(state)
        return
    click.echo(f"{interface}: attached in {state['mode']} mode")
    for warning in state["warnings"]:
        click.echo(f"warning: {warning}", err=True)


@click.command()
@click.argument("interface", required=False)
@as_json_option
@pass_config
def detach(config: Config, interface: str | None, as_json: bool) -> None:
    """Stop guarding INTERFACE, or all of them.

    This alone takes the program off an interface; stopping the agent does not. Without an agent and without
    INTERFACE, everything the instance has in the kernel is removed.
    """
    try:
        result, _ = agent(config).call("detach", interface=interface)
        result["removed"] = False
    except Refused as refused:
        if refused.kind != Kind.UNAVAILABLE:
            raise
        result = _detach_without_agent(config, interface)
    if as_json:
        print_json(result)
        return
    click.echo(f"detached: {', '.join(result['detached']) or 'nothing was attached'}")
    if result["removed"]:
        click.echo("program and lists are removed from the kernel")


def _detach_without_agent(config: Config, interface: str | None) -> dict[str, Any]:
    from control.datapath import datapath

    if interface is None:
        return {"detached": datapath.remove(config.pins), "removed": True}
    return {"detached": datapath.detach(config.pins, interface), "removed": False}


@click.command()
@as_json_option
@pass_config
def status(config: Config, as_json: bool) -> None:
    """Show how the edge stands."""
    state, _ = agent(config).call("status")
    if as_json:
        print_json(state)
        return
    generation = state["generation"]
    print_table(
        f"instance {state['instance']}",
        ("", ""),
        [
            ("list", f"{state['count']:,} entries, serial {state['serial']}"),
            *_feed_rows(state["feed"], state["live"]),
            (
                "kernel",
                f"serial {generation['serial']}, {generation['ends']:,} of {generation['ends_capacity']:,} ends",
            ),
            ("held lists", ", ".join(map(str, generation["held"]))),
            ("lease", f"{state['lease']['left']:,.0f} of {state['lease']['seconds']:,} s left"),
            ("pinned", state["pinned"]),
            ("agent", f"up {state['uptime_s']:,.0f} s, {state['memory_bytes'] / 1e6:.0f} MB"),
        ],
    )
    rows = [
        (each["name"], each["requested"], each["mode"], each["attached"], each["trouble"] or "")
        for each in state["interfaces"]
    ]
    print_table("interfaces", ("name", "requested", "mode", "guarded", "trouble"), rows)
    _print_policies(state["policy"])


def _feed_rows(feed: dict[str, Any] | None, live: dict[str, Any]) -> list[tuple[str, str]]:
    if feed is None:
        return []
    contact = feed["contact"]
    lag = f", {contact['lag_s']:,.0f} s behind at most" if contact else ", not followed any more"
    rows = [
        ("feed", f"{feed['count']:,} entries, serial {feed['serial']}{lag}"),
        ("live", f"{live['count']:,} entries, serial {live['serial']}"),
    ]
    return [*rows, ("feed's trouble", contact["trouble"])] if contact and contact["trouble"] else rows


@click.group()
def policy() -> None:
    """What happens to unregistered traffic, protocol by protocol."""


@policy.command("get")
@as_json_option
@pass_config
def policy_get(config: Config, as_json: bool) -> None:
    """Show the policies."""
    result, _ = agent(config).call("policy")
    if as_json:
        print_json(result["policy"])
    else:
        _print_policies(result["policy"])


@policy.command("set")
@click.argument("protocol", type=click.Choice([*VPN_PROTOCOLS, "all"]))
@click.argument("mode", type=click.Choice(MODES))
@click.option("--share", type=click.IntRange(0, 100), help="Of the flows, in percent; enforce needs it.")
@as_json_option
@pass_config
def policy_set(config: Config, protocol: str, mode: str, share: int | None, as_json: bool) -> None:
    """Set the policy of PROTOCOL, or of all.

    monitor counts what enforce would drop. enforce drops what opens a session that nobody has registered, for
    the share of the flows that --share says: going from 1 to 5 only adds.
    """
    if share is None and mode == "enforce":  # a share left out is never guessed: all would be the guess that cuts most
        raise click.UsageError("enforce needs --share: say for how many percent of the flows, 100 for all of them")
    rule = {"mode": mode, "share": EVERY_FLOW if share is None else share}
    names = VPN_PROTOCOLS if protocol == "all" else (protocol,)
    result, _ = agent(config).call("set_policy", policy=dict.fromkeys(names, rule))
    if as_json:
        print_json(result["policy"])
    else:
        _print_policies(result["policy"])


@click.command()
@as_json_option
@pass_config
def counters(config: Config, as_json: bool) -> None:
    """Show packets and bytes by protocol, verdict and reason."""
    result, _ = agent(config).call("counters")
    if as_json:
        print_json(result["counters"])
        return
    columns = ("protocol", "verdict", "reason", "packets", "bytes")
    print_table(
        "packets since the program was loaded", columns, [[c[name] for name in columns] for c in result["counters"]]
    )


def _print_policies(policies: dict[str, dict[str, Any]]) -> None:
    rows = [
        (name, each["mode"], f"{each['share']} %" if each["mode"] == "enforce" else "")
        for name, each in policies.items()
    ]
    print_table("policy for the unregistered", ("protocol", "mode", "share"), rows)
