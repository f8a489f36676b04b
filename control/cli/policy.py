"""Commands about the policy: what happens to unregistered traffic, protocol by protocol."""

from collections import Counter
from collections.abc import Mapping, Sequence

import click

from control.cli import kernel
from control.cli.context import as_json_option, pass_config, pass_place
from control.cli.events import followed
from control.cli.output import agent, print_json, print_table
from control.cli.rollout import Span, confirm_option, say_plans, say_token
from control.commands.packets import REGISTERED, ReadEvents
from control.commands.policy import PolicyState, ReadPolicy, Rule, SetPolicy
from control.commands.rollout import StartPlan
from control.config import Config
from control.vocabulary import MODES, VPN_PROTOCOLS

EVERY_FLOW = 100
"""Share of a protocol that is only counted, in percent, where none is given: monitor drops nothing whatever it is."""

SAMPLED = 10
"""One packet in so many, while it is looked where most of them go."""

MOST = 10
"""Ends that are told."""


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
@click.option("--dry-run", is_flag=True, help="Say what it would have refused lately, and set nothing.")
@click.option("--responders", type=Span(), help="With --dry-run: look this long where most of it goes, such as 30s.")
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
    as_json: bool,
) -> None:
    """Set the policy of PROTOCOL, or of all.

    monitor counts what enforce would drop. enforce drops what opens a session that nobody has registered: with
    --share at once, for that share of the flows; without it a plan begins that goes there in steps, see `wicket
    rollout`.
    """
    names = VPN_PROTOCOLS if protocol == "all" else (protocol,)
    if responders is not None and not dry_run:
        raise click.UsageError("--responders goes with --dry-run")
    if dry_run:
        rule = Rule(mode=mode, share=EVERY_FLOW if share is None else share)
        state = agent(config).ask(SetPolicy(policy=dict.fromkeys(names, rule), dry_run=True))
        _show_preview(state, None if responders is None else _responders(config, names, responders), as_json)
        return
    if share is None and mode == "enforce":  # a share left out is never guessed: all would be the guess that cuts most
        plans = agent(config).ask(StartPlan(protocols=list(names), confirm_within=confirm_within))
        if as_json:
            print_json(plans)
            return
        click.echo("in steps: see `wicket rollout status`; --share says it all at once", err=True)
        say_plans(plans.plans)
        say_token(plans.token)
        return
    rule = Rule(mode=mode, share=EVERY_FLOW if share is None else share)
    from control.cli import stopping  # which reads the libraries of the kernel's side

    state = stopping.set_policy(config, dict.fromkeys(names, rule), confirm_within)
    _show(state.policy, as_json)
    say_token(state.token)
    if state.not_kept:
        click.echo(f"done in the kernel; not kept: {state.not_kept}", err=True)


def print_policies(rules: Mapping[str, Rule]) -> None:
    """Print the rules as a table."""
    rows = [(name, rule.mode, f"{rule.share} %" if rule.mode == "enforce" else "") for name, rule in rules.items()]
    print_table("policy for the unregistered", ("protocol", "mode", "share"), rows)


def _responders(config: Config, protocols: Sequence[str], seconds: float) -> list[tuple[str, str, int]]:
    """Return where most unregistered handshakes go, by what is sampled for so long; nothing is kept."""
    counts: Counter[tuple[str, str]] = Counter()
    for event in followed(agent(config), ReadEvents(rate=SAMPLED, responders=True), seconds):
        if event.protocol in protocols and event.reason != REGISTERED and event.address:
            counts[event.protocol, f"{event.address} port {event.port}"] += 1
    return [(protocol, end, count) for (protocol, end), count in counts.most_common(MOST)]


def _show_preview(state: PolicyState, responders: list[tuple[str, str, int]] | None, as_json: bool) -> None:
    if as_json:
        previews = [preview.model_dump() for preview in state.preview]
        ends = [dict(zip(("protocol", "end", "sampled"), each, strict=True)) for each in responders or []]
        print_json(previews if responders is None else {"preview": previews, "responders": ends})
        return
    rows = [
        (each.protocol, f"{each.share} %", _rate(each.hour), _rate(each.day), f"{each.known_s / 3600:.1f} h")
        for each in state.preview
    ]
    columns = ("protocol", "share", "last hour", "last day", "known of it")
    print_table("packets a second that would have been refused", columns, rows)
    if responders is not None:
        print_table("where most of it goes now", ("protocol", "end", "sampled"), responders)


def _rate(rate: float | None) -> str:
    return "not known" if rate is None else f"{rate:.2f}"


def _show(rules: Mapping[str, Rule], as_json: bool) -> None:
    if as_json:
        print_json({name: rule.model_dump() for name, rule in rules.items()})
    else:
        print_policies(rules)
