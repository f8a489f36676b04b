"""Commands about the policy: what happens to unregistered traffic, protocol by protocol."""

from collections.abc import Mapping

import click

from control.cli.output import agent, as_json_option, print_json, print_table
from control.commands.policy import ReadPolicy, Rule, SetPolicy
from control.config import Config
from control.vocabulary import MODES, VPN_PROTOCOLS


@click.group()
def policy() -> None:
    """What happens to unregistered traffic, protocol by protocol."""


@policy.command("get")
@as_json_option
@click.pass_obj
def policy_get(config: Config, as_json: bool) -> None:
    """Show the policies."""
    _show(agent(config).ask(ReadPolicy()).policy, as_json)


@policy.command("set")
@click.argument("protocol", type=click.Choice([*VPN_PROTOCOLS, "all"]))
@click.argument("mode", type=click.Choice(MODES))
@click.option("--share", type=click.IntRange(0, 100), default=100, show_default=True, help="Of the flows, in percent.")
@as_json_option
@click.pass_obj
def policy_set(config: Config, protocol: str, mode: str, share: int, as_json: bool) -> None:
    """Set the policy of PROTOCOL, or of all.

    monitor counts what enforce would drop. enforce drops what opens a session that nobody has registered, for
    a share of the flows: going from 1 to 5 only adds.
    """
    names, rule = VPN_PROTOCOLS if protocol == "all" else (protocol,), Rule(mode=mode, share=share)
    _show(agent(config).ask(SetPolicy(policy=dict.fromkeys(names, rule))).policy, as_json)


def print_policies(rules: Mapping[str, Rule]) -> None:
    """Print the rules as a table."""
    rows = [(name, rule.mode, f"{rule.share} %" if rule.mode == "enforce" else "") for name, rule in rules.items()]
    print_table("policy for the unregistered", ("protocol", "mode", "share"), rows)


def _show(rules: Mapping[str, Rule], as_json: bool) -> None:
    if as_json:
        print_json({name: rule.model_dump() for name, rule in rules.items()})
    else:
        print_policies(rules)
