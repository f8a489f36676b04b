"""Whom a change cuts, said to people."""

import click

from control.commands.cut import Cut, CutEntry


def say_cut(cut: Cut, *, err: bool = True) -> None:
    """Say who is cut, as far as known: how many of them had traffic lately, and who, the latest traffic first."""
    windows = (("minute", cut.minute, 60), ("hour", cut.hour, 3600), ("day", cut.day, 86_400))
    known = ", ".join(f"{_count(count, cut.known_s < seconds)} in the last {name}" for name, count, seconds in windows)
    click.echo(f"cuts {cut.count:,} entries of the live list; with traffic: {known}", err=err)
    if cut.known_s < 86_400:
        click.echo(f"traffic has been looked at here for {_span(cut.known_s)} only", err=err)
    for entry in cut.entries:
        click.echo(f"    {_entry(entry)}", err=err)
    if cut.count > len(cut.entries):
        click.echo(f"    and {cut.count - len(cut.entries):,} more", err=err)


def say_held(held: str | None, why: list[str]) -> None:
    """Say that what would be cut is held, or would be, and why."""
    click.echo("what it would cut is held: it stays live" if held else "what it would cut would be held", err=True)
    for each in why:
        click.echo(f"    {each}", err=True)
    if held:
        click.echo(f"see `wicket held show {held}`; `release` or `drop` decides", err=True)


def _count(count: int | None, is_part: bool) -> str:
    return "not known" if count is None else f"{'at least ' if is_part else ''}{count:,}"


def _entry(entry: CutEntry) -> str:
    seen = "no traffic known" if entry.seen_s is None else f"traffic {_span(entry.seen_s)} ago"
    return f"{entry.prefix}  {entry.note or '-'}  {seen}"


def _span(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.0f} h"
