"""Commands about the list of registered addresses."""

import json
import sys
from typing import Any, BinaryIO

import click

from control.allowlist import formats
from control.allowlist.allowlist import Allowlist
from control.cli import way
from control.cli.context import as_json_option, pass_config
from control.cli.cut import say_cut, say_held
from control.cli.output import agent, print_json
from control.cli.progress import progress, waiting
from control.cli.rollout import Span, confirm_option, say_token
from control.commands.list import ChangeList, ListChanged, ReadList, ReplaceList
from control.commands.packets import AddressChecked, CheckAddress
from control.config import Config
from control.protocols import with_companions
from control.vocabulary import VPN_PROTOCOLS

MEDIA_TYPES = {"csv": formats.CSV, "json": formats.JSON, "ndjson": formats.NDJSON}

HELD = 3
"""Exit status when what a change would cut is held: neither done nor refused."""

dry_run_option = click.option("--dry-run", is_flag=True, help="Say what would change, and change nothing.")
reason_option = click.option("--reason", default="", help="Why, for the log and for history.")
override_option = click.option(
    "--override", is_flag=True, help="Do it though it exceeds the guard's limits; not where that takes two persons."
)
doubtful_option = click.option(
    "--doubtful", is_flag=True, help="Take very wide, private and unrouted prefixes, too: they are meant."
)


@click.group()
def allow() -> None:
    """The list of registered addresses."""


@allow.command("add")
@click.argument("prefixes", nargs=-1, required=True)
@click.option("--protocol", "protocols", multiple=True, type=click.Choice(VPN_PROTOCOLS), help="Only this; repeatable.")
@click.option("--port", "ports", multiple=True, help="Only this port or range of ports, as 1000-2000; repeatable.")
@click.option("--note", default="", help="Why it is on the list.")
@click.option("--until", type=Span(), help="Take it off after this time, such as 2h; while in use that is held.")
@doubtful_option
@reason_option
@dry_run_option
@as_json_option
@pass_config
def allow_add(
    config: Config,
    prefixes: tuple[str, ...],
    protocols: tuple[str, ...],
    ports: tuple[str, ...],
    note: str,
    until: float | None,
    doubtful: bool,
    reason: str,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Add PREFIXES, addresses or prefixes, to the list; at once, on this edge, without the registry."""
    terms = {"protocols": list(protocols), "ports": list(ports), "note": note}
    rows = [{"prefix": prefix} | {name: value for name, value in terms.items() if value} for prefix in prefixes]
    order = ChangeList(add_size=0, dry_run=dry_run, lasts=until, doubtful=doubtful, why=reason)
    added, whole = _read(rows, config), with_companions(protocols)
    if not as_json and set(whole) != set(protocols):
        click.echo(f"for {', '.join(whole)}: what belongs together is registered together")
    _change(config, added, Allowlist.empty(), order, as_json)


@allow.command("remove")
@click.argument("prefixes", nargs=-1, required=True)
@override_option
@confirm_option
@reason_option
@dry_run_option
@as_json_option
@pass_config
def allow_remove(
    config: Config,
    prefixes: tuple[str, ...],
    override: bool,
    confirm_within: float | None,
    reason: str,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Remove PREFIXES from the list. The answer says whom that cuts, and what of it is held: see `wicket held`."""
    order = ChangeList(add_size=0, dry_run=dry_run, override=override, confirm_within=confirm_within, why=reason)
    _change(config, Allowlist.empty(), _read(list(prefixes), config), order, as_json)


@allow.command("check")
@click.argument("address")
@click.option("--protocol", type=click.Choice(VPN_PROTOCOLS), help="Whether it is registered for this; else for any.")
@click.option("--port", type=click.IntRange(1, 65535), help="Whether it is for this port; else for any.")
@as_json_option
@pass_config
def allow_check(config: Config, address: str, protocol: str | None, port: int | None, as_json: bool) -> None:
    """Say whether ADDRESS is registered, for what, and live in the kernel; the status is 1 when it is not.

    Of the whole live list: of the local list and of the feed's.
    """
    checked = agent(config).ask(CheckAddress(address=address, protocol=protocol, port=port))
    if as_json:
        print_json(checked)
    else:
        click.echo(f"{checked.address} {_standing(checked, protocol, port)}")
    sys.exit(0 if checked.registered and checked.live else 1)


def _standing(checked: AddressChecked, protocol: str | None, port: int | None) -> str:
    asked = " ".join(part for part in (protocol, f"on port {port}" if port else None) if part)
    extent = "everything" if checked.registered_for == "everything" else f"some only: {way.uses(checked.protocols)}"
    where = f"{checked.prefix}, on the {' and the '.join(way.IN_WORDS[source] for source in checked.sources)}"
    if checked.registered:
        live = "registered and live" if checked.live else "registered, and not live in the kernel"
        return f"is {live}, for {extent}; {where}"
    if checked.registered_for is None:
        return "is not registered"
    return f"is not registered for {asked}; for {extent}; {where}"


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
@doubtful_option
@override_option
@confirm_option
@reason_option
@dry_run_option
@as_json_option
@pass_config
def allow_replace(
    config: Config,
    file: BinaryIO,
    kind: str | None,
    allow_empty: bool,
    doubtful: bool,
    override: bool,
    confirm_within: float | None,
    reason: str,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Make FILE (CSV, JSON or NDJSON; - for standard input) the whole list.

    What it adds is live at once. Where it leaves out more than the guard's limits allow, what it leaves out is held.
    """
    with progress("reading", as_json) as told:
        new = formats.read(file.read(), MEDIA_TYPES[kind] if kind else None, config.list.bounds, told)
    order = ReplaceList(
        dry_run=dry_run,
        allow_empty=allow_empty,
        doubtful=doubtful,
        override=override,
        confirm_within=confirm_within,
        why=reason,
    )
    with waiting(f"making {len(new):,} entries live", as_json):
        result = agent(config).ask(order, new.pack())
    _say(result, as_json)


def _read(rows: list[Any], config: Config) -> Allowlist:
    return formats.read(json.dumps(rows).encode(), formats.JSON, config.list.bounds)


def _change(config: Config, add: Allowlist, remove: Allowlist, order: ChangeList, as_json: bool) -> None:
    packed = add.pack()
    order = order.model_copy(update={"add_size": len(packed)})
    _say(agent(config).ask(order, packed + remove.pack()), as_json)


def _say(result: ListChanged, as_json: bool) -> None:
    if as_json:
        print_json(result)
    else:
        _say_in_words(result)
    if result.held:
        sys.exit(HELD)


def _say_in_words(result: ListChanged) -> None:
    verb = "live" if result.live else "would be live"
    click.echo(
        f"{result.count:,} entries {verb}, serial {result.serial}: {result.added:,} added, {result.removed:,} removed"
    )
    for warning in result.warnings:
        click.echo(f"warning: {warning}", err=True)
    if result.cut:
        say_cut(result.cut)
    if result.why_held:
        say_held(result.held, result.why_held)
    say_token(result.token)
