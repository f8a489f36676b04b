"""Commands about what was changed here, and the way back."""

import sys
import time

import click

from control.cli.allow import HELD, dry_run_option, override_option, reason_option
from control.cli.context import as_json_option, pass_config
from control.cli.cut import say_cut, say_held
from control.cli.output import agent, print_json, print_table
from control.cli.rollout import confirm_option, say_token
from control.commands.history import CompareRevisions, ReadHistory, RevisionState, RollBack, ShowRevision
from control.config import Config

COLUMNS = ("revision", "when", "list", "serial", "door", "who", "+", "-", "cut", "in use", "held", "reason")


@click.group(invoke_without_command=True)
@click.option("--most", type=click.IntRange(1, 10_000), default=50, show_default=True, help="Revisions at most.")
@as_json_option
@click.pass_context
def history(context: click.Context, most: int, as_json: bool) -> None:
    """What was changed here, revision by revision, the newest first."""
    if context.invoked_subcommand is None:
        context.invoke(_history, most=most, as_json=as_json)


@pass_config
def _history(config: Config, most: int, as_json: bool) -> None:
    revisions = agent(config).ask(ReadHistory(most=most)).revisions
    if as_json:
        print_json([revision.model_dump() for revision in revisions])
        return
    print_table("changes of the live list", COLUMNS, [_row(revision) for revision in revisions])


@history.command("show")
@click.argument("revision", type=int)
@as_json_option
@pass_config
def history_show(config: Config, revision: int, as_json: bool) -> None:
    """Show what REVISION did: + what was new or got other terms, - what went."""
    shown = agent(config).ask(ShowRevision(revision=revision))
    if as_json:
        print_json(shown)
        return
    print_table("a change of the live list", COLUMNS, [_row(shown.state)])
    if not shown.is_known:
        click.echo("its entries are not known any more", err=True)
    _say_prefixes(shown.added, shown.removed)


@history.command("diff")
@click.argument("one", type=int)
@click.argument("other", type=int)
@as_json_option
@pass_config
def history_diff(config: Config, one: int, other: int, as_json: bool) -> None:
    """Show what the live list of revision OTHER has beside, and lacks of, that of revision ONE."""
    found = agent(config).ask(CompareRevisions(one=one, other=other))
    if as_json:
        print_json(found)
        return
    click.echo(f"{found.added:,} added, {found.removed:,} removed")
    _say_prefixes(found.adds, found.removes)


@click.command()
@click.argument("revision", type=int)
@override_option
@confirm_option
@reason_option
@dry_run_option
@as_json_option
@pass_config
def rollback(
    config: Config,
    revision: int,
    override: bool,
    confirm_within: float | None,
    reason: str,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Make the local list again what it was at REVISION, and let through again what the feed's list then did.

    What was added since is cut by that: beyond the guard's limits it is held. What the feed has added stays.
    """
    order = RollBack(revision=revision, override=override, confirm_within=confirm_within, why=reason, dry_run=dry_run)
    done = agent(config).ask(order)
    if as_json:
        print_json(done)
    else:
        verb = "live" if done.live else "would be live"
        took = f", in the kernel after {done.seconds['kernel'] * 1000:.1f} ms" if done.live else ""
        click.echo(f"{done.count:,} entries {verb}: {done.added:,} let through again, {done.removed:,} removed{took}")
        if done.not_kept:
            click.echo(f"done in the kernel; not kept: {done.not_kept}", err=True)
        if done.cut:
            say_cut(done.cut)
        if done.why_held:
            say_held(done.held, done.why_held)
        say_token(done.token)
    if done.held:
        sys.exit(HELD)


def _row(state: RevisionState) -> tuple[object, ...]:
    when = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(state.at))
    sizes = (state.added, state.removed, state.cut, state.in_use, state.held)
    return (state.revision, when, state.list, state.serial, state.door, state.who, *sizes, state.reason)


def _say_prefixes(added: list[str], removed: list[str]) -> None:
    for sign, prefixes in (("+", added), ("-", removed)):
        for prefix in prefixes:
            click.echo(f"{sign} {prefix}")
