"""Commands about what is held: what would cut more than may be cut before somebody has looked at it."""

import time

import click

from control.cli import kernel
from control.cli.context import as_json_option, pass_config
from control.cli.cut import say_cut
from control.cli.output import agent, print_json
from control.commands.held import DropHeld, HeldDecided, HeldItem, ReadHeld, ReleaseHeld, ShowHeld
from control.config import Config

reason_option = click.option("--reason", default="", help="Why, for the log and for history.")


@click.group()
def held() -> None:
    """What would cut more than may be cut before somebody has looked at it."""


@held.command("list")
@as_json_option
@pass_config
def held_list(config: Config, as_json: bool) -> None:
    """Show what is held: the entries stay live meanwhile."""
    items = agent(config, kernel.PATIENCE).ask(ReadHeld()).items
    if as_json:
        print_json([each.model_dump() for each in items])
        return
    for each in items:
        _say_item(each)
    if not items:
        click.echo("nothing is held", err=True)


@held.command("show")
@click.argument("item")
@as_json_option
@pass_config
def held_show(config: Config, item: str, as_json: bool) -> None:
    """Show whom it would cut to release ITEM, by name, and when each last had traffic."""
    shown = agent(config, kernel.PATIENCE).ask(ShowHeld(id=item))
    if as_json:
        print_json(shown)
        return
    _say_item(shown.item)
    say_cut(shown.cut, err=False)


@held.command("release")
@click.argument("item")
@reason_option
@as_json_option
@pass_config
def held_release(config: Config, item: str, reason: str, as_json: bool) -> None:
    """Have ITEM done: its entries are removed, or narrowed.

    Look at it before, with `held show`. Where it takes two people, the second one's word does it; whoever asked for
    it is the first.
    """
    _say(agent(config).ask(ReleaseHeld(id=item, why=reason)), "as asked for", as_json)


@held.command("drop")
@click.argument("item")
@reason_option
@as_json_option
@pass_config
def held_drop(config: Config, item: str, reason: str, as_json: bool) -> None:
    """Have ITEM not done: its entries stay. What the feed's list lacks stays on the local list."""
    _say(agent(config).ask(DropHeld(id=item, why=reason)), "kept", as_json)


def _say_item(item: HeldItem) -> None:
    when = time.strftime(" at %Y-%m-%d %H:%M:%S", time.localtime(item.at)) if item.at else ""
    click.echo(f"{item.id}: {item.count:,} entries, {item.in_use:,} in use; by {item.who or item.door}{when}")
    for why in item.why:
        click.echo(f"    {why}")
    if item.reason:
        click.echo(f"    reason given: {item.reason}")
    if item.persons > 1:
        click.echo(f"    takes {item.persons} persons; so far: {', '.join(item.agreed) or 'nobody'}")
    more = item.count - len(item.prefixes)
    click.echo(f"    {', '.join(item.prefixes)}{f' and {more:,} more' if more else ''}")


def _say(done: HeldDecided, what: str, as_json: bool) -> None:
    if as_json:
        print_json(done)
    elif done.done:
        click.echo(f"{done.entries:,} entries are {what}; {done.in_use:,} of those cut were in use")
    else:
        click.echo(f"noted: {', '.join(done.agreed)}; it takes one more person")
