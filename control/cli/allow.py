"""Commands about the list of registered addresses."""

import json
import sys
from typing import Any, BinaryIO

import click

from control.allowlist import formats
from control.allowlist.allowlist import Allowlist
from control.cli.context import as_json_option, pass_config
from control.cli.output import agent, print_json
from control.commands.list import ChangeList, ListChanged, ReadList, ReplaceList
from control.config import Config
from control.vocabulary import VPN_PROTOCOLS

MEDIA_TYPES = {"csv": formats.CSV, "json": formats.JSON, "ndjson": formats.NDJSON}

dry_run_option = click.option("--dry-run", is_flag=True, help="Say what would change, and change nothing.")


@click.group()
def allow() -> None:
    """The list of registered addresses."""


@allow.command("add")
@click.argument("prefixes", nargs=-1, required=True)
@click.option("--protocol", "protocols", multiple=True, type=click.Choice(VPN_PROTOCOLS), help="Only this; repeatable.")
@click.option("--port", "ports", multiple=True, help="Only this port or range of ports, as 1000-2000; repeatable.")
@click.option("--note", default="", help="Why it is on the list.")
@dry_run_option
@as_json_option
@pass_config
def allow_add(
    config: Config,
    prefixes: tuple[str, ...],
    protocols: tuple[str, ...],
    ports: tuple[str, ...],
    note: str,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Add PREFIXES, addresses or prefixes, to the list; at once."""
    terms = {"protocols": list(protocols), "ports": list(ports), "note": note}
    rows = [{"prefix": prefix} | {name: value for name, value in terms.items() if value} for prefix in prefixes]
    _change(config, _read(rows, config), Allowlist.empty(), dry_run, as_json)


@allow.command("remove")
@click.argument("prefixes", nargs=-1, required=True)
@dry_run_option
@as_json_option
@pass_config
def allow_remove(config: Config, prefixes: tuple[str, ...], dry_run: bool, as_json: bool) -> None:
    """Remove PREFIXES from the list. The answer says how many of them had traffic lately."""
    _change(config, Allowlist.empty(), _read(list(prefixes), config), dry_run, as_json)


@allow.command("list")
@click.option("--format", "kind", type=click.Choice(list(MEDIA_TYPES)), default="csv", show_default=True)
@as_json_option
@pass_config
def allow_list(config: Config, kind: str, as_json: bool) -> None:
    """Print the whole list."""
    _, body = agent(config).fetch(ReadList())
    output = sys.stdout.buffer
    for chunk in formats.chunks(Allowlist.unpack(body), MEDIA_TYPES["json" if as_json else kind]):
        output.write(chunk)


@allow.command("replace")
@click.argument("file", type=click.File("rb"))
@click.option("--format", "kind", type=click.Choice(list(MEDIA_TYPES)), help="By default it is guessed.")
@click.option("--allow-empty", is_flag=True, help="Empty the list on purpose.")
@dry_run_option
@as_json_option
@pass_config
def allow_replace(
    config: Config, file: BinaryIO, kind: str | None, allow_empty: bool, dry_run: bool, as_json: bool
) -> None:
    """Make FILE (CSV, JSON or NDJSON; - for standard input) the whole list."""
    new = formats.read(file.read(), MEDIA_TYPES[kind] if kind else None, config.list.bounds)
    _say(agent(config).ask(ReplaceList(dry_run=dry_run, allow_empty=allow_empty), new.pack()), as_json)


def _read(rows: list[Any], config: Config) -> Allowlist:
    return formats.read(json.dumps(rows).encode(), formats.JSON, config.list.bounds)


def _change(config: Config, add: Allowlist, remove: Allowlist, dry_run: bool, as_json: bool) -> None:
    packed = add.pack()
    order = ChangeList(add_size=len(packed), dry_run=dry_run)
    _say(agent(config).ask(order, packed + remove.pack()), as_json)


def _say(result: ListChanged, as_json: bool) -> None:
    if as_json:
        print_json(result)
        return
    verb = "live" if result.live else "would be live"
    click.echo(
        f"{result.count:,} entries {verb}, serial {result.serial}: {result.added:,} added, {result.removed:,} removed"
    )
    for warning in result.warnings:
        click.echo(f"warning: {warning}", err=True)
    if result.removed_in_use:
        named = ", ".join(result.in_use)
        click.echo(f"{result.removed_in_use:,} of those removed had traffic in the last day: {named}", err=True)
