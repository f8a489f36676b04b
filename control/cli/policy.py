"""Commands about the policy: what happens to unregistered traffic, protocol by protocol."""

import sys
from collections.abc import Mapping

import click

from control.cli import kernel, preview
from control.cli.context import as_json_option, pass_config, pass_place
from control.cli.output import agent, print_json, print_table
from control.cli.rollout import Span, confirm_option, say_plans, say_token
from control.commands.policy import ReadPolicy, Rule
from control.commands.rollout import StartPlan
from control.config import Config
from control.fault import Refused
from control.vocabulary import MODES, VPN_PROTOCOLS

EVERY_FLOW = 100
"""Share of a protocol that is only counted, in percent, where none is given: monitor drops nothing whatever it is."""


@click.group()
def policy() -> None:
    """What happens to unregistered traffic, protocol by protocol."""


@policy.command("get")
@as_json_option
@pass_config
def policy_get(config: Config, as_json: bool) -> None:
    """Show the policies."""
    rules = kernel.otherwise(
        lambda: agent(config, kernel.PATIENCE).ask(ReadPolicy()).policy, lambda _: kernel.policies(config)
    )
    _show(rules, as_json)


@policy.command("set")
@click.argument("protocol", type=click.Choice([*VPN_PROTOCOLS, "all"]))
@click.argument("mode", type=click.Choice(MODES))
@click.option("--share", type=click.IntRange(0, 100), help="Of the flows, in percent, at once; without it in steps.")
@confirm_option
@click.option("--dry-run", is_flag=True, help="Say what it would have refused lately and refuses now, and set nothing.")
@click.option("--responders", type=Span(), help="Look this long where that goes, such as 30s; 0s: do not look.")
@click.option("--yes", is_flag=True, help="Do not ask on a terminal whether to go on.")
@as_json_option
@pass_place
def policy_set(
    config: Config,
    protocol: str,
    mode: str,
    share: int | None,
    confirm_within: float | None,
    dry_run: bool,
    responders: float | None,
    yes: bool,
    as_json: bool,
) -> None:
    """Set the policy of PROTOCOL, or of all.

    monitor counts what enforce would drop. enforce drops what opens a session that nobody has registered: with
    --share at once, for that share of the flows; without it a plan begins that goes there in steps, see `wicket
    rollout`. What that would refuse is shown first.
    """
    names = VPN_PROTOCOLS if protocol == "all" else (protocol,)
    rules = dict.fromkeys(names, Rule(mode=mode, share=EVERY_FLOW if share is None else share))
    if dry_run:
        _show_preview(config, rules, responders, as_json)
        return
    if mode == "enforce" and not as_json and not _is_wanted(config, rules, responders, yes):
        click.echo("nothing is set", err=True)
        sys.exit(1)
    if share is None and mode == "enforce":  # a share left out is never guessed: all would be the guess that cuts most
        plans = agent(config).ask(StartPlan(protocols=list(names), confirm_within=confirm_within))
        if as_json:
            print_json(plans)
            return
        click.echo("in steps: see `wicket rollout status`; --share says it all at once", err=True)
        say_plans(plans.plans)
        say_token(plans.token)
        return
    from control.cli import stopping  # which reads the libraries of the kernel's side

    state = stopping.set_policy(config, rules, confirm_within)
    _show(state.policy, as_json)
    say_token(state.token)
    if state.not_kept:
        click.echo(f"done in the kernel; not kept: {state.not_kept}", err=True)


def print_policies(rules: Mapping[str, Rule]) -> None:
    """Print the rules as a table."""
    rows = [(name, rule.mode, f"{rule.share} %" if rule.mode == "enforce" else "") for name, rule in rules.items()]
    print_table("policy for the unregistered", ("protocol", "mode", "share"), rows)


def _show_preview(config: Config, rules: dict[str, Rule], seconds: float | None, as_json: bool) -> None:
    if not as_json:
        preview.foresee(config, rules, preview.LOOKS if seconds is None else seconds).show()
        return
    foreseen = preview.foresee(config, rules, seconds)
    print_json([rate.model_dump() for rate in foreseen.rates] if seconds is None else foreseen.record)


def _is_wanted(config: Config, rules: dict[str, Rule], seconds: float | None, yes: bool) -> bool:
    """Show what rules would refuse and, where somebody sits there, ask; a script only waits where it asks to look."""
    is_asked = not yes and sys.stdin.isatty() and sys.stderr.isatty()
    try:
        look = preview.LOOKS if seconds is None and is_asked else seconds
        preview.foresee(config, rules, look).show(err=True)
    except Refused as refused:
        click.echo(f"what it would refuse is not known: {refused.faults[0]}", err=True)
    return not is_asked or click.confirm("go on?", default=False, err=True)


def _show(rules: Mapping[str, Rule], as_json: bool) -> None:
    if as_json:
        print_json({name: rule.model_dump() for name, rule in rules.items()})
    else:
        print_policies(rules)
