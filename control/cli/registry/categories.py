"""The command about categories."""

import click

from control.cli.context import as_json_option
from control.cli.registry.desk import Desk, pass_desk
from control.cli.registry.showing import show_rows


@click.command("categories")
@as_json_option
@pass_desk
def list_categories(desk: Desk, as_json: bool) -> None:
    """Show what can be applied for, and on which terms."""
    offered = [
        {"name": name, **category.model_dump(mode="json")} for name, category in desk.database.rules.categories.items()
    ]
    columns = ("name", "title", "applicants", "documents", "most_entries", "valid_days", "warn_days", "fee")
    show_rows("categories", columns, offered, as_json)
