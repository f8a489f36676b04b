"""wicket registry status: how the registry stands, and what ends when."""

from dataclasses import asdict

import click
from pydantic_core import to_jsonable_python

from control.cli.context import as_json_option
from control.cli.output import print_json, print_table
from control.cli.registry.desk import Desk, pass_desk
from control.registry.endings import outlook


@click.command("status")
@as_json_option
@pass_desk
def status(desk: Desk, as_json: bool) -> None:
    """Show how the registry stands, what ends in the next 30 days, and what somebody should know."""
    with desk.reading("intent.read") as session:
        seen = outlook.look(desk.database, session)
    if as_json:
        print_json(to_jsonable_python(asdict(seen) | {"warnings": seen.warnings}))
        return
    print_table(
        "registry",
        ("", ""),
        [
            ("live list", f"{seen.count:,} entries, serial {seen.serial}"),
            ("open intents", f"{seen.open_intents:,}"),
            ("ended, still on the list", f"{seen.over:,}, of which {seen.held:,} are held for an officer"),
            *[("warning", warning) for warning in seen.warnings],
        ],
    )
    rows = [
        (f"{day.begins:%Y-%m-%d %H:%M}", f"{day.registrations:,}", f"{day.in_use:,}", "mass expiry" * day.is_mass)
        for day in seen.days
    ]
    if rows:
        print_table("what ends, by 24 hours from", ("from", "registrations", "in use", ""), rows)
