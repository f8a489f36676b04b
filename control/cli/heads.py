"""The command that shows what this edge has kept of its registry's audit."""

import click

from control.cli.context import as_json_option, pass_config
from control.cli.output import agent, print_json
from control.commands.heads import ReadHeads
from control.config import Config


@click.command()
@click.option("--after", type=click.IntRange(0), default=0, metavar="PLACE", help="Go on behind this place.")
@click.option("--most", type=click.IntRange(1, 10_000), default=1000, show_default=True, help="Heads at most.")
@as_json_option
@pass_config
def heads(config: Config, after: int, most: int, as_json: bool) -> None:
    """Print the heads of the registry's audit that this edge has kept, one a line.

    `wicket registry audit verify --heads FILE` holds the registry against them.
    """
    kept = agent(config).ask(ReadHeads(after=after, most=most))
    if as_json:
        print_json(kept)
        return
    for head in kept.heads:
        click.echo(head.line)
    if kept.doubt:
        click.echo(f"doubt: {kept.doubt}", err=True)
