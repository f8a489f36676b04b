"""Commands about the registry's tables and their copies."""

from pathlib import Path

import click

from control.cli.context import as_json_option
from control.cli.output import print_json
from control.cli.registry.desk import Desk, pass_desk
from control.cli.registry.showing import (
    progress,
    show_fields,
)
from control.registry.store import backup, revision, roles
from control.registry.store.rights import USUAL, Logins


@click.command()
@as_json_option
@pass_desk
def upgrade(desk: Desk, as_json: bool) -> None:
    """Make the registry's tables, or bring them to this version."""
    desk.owners.upgrade()
    with desk.owners.reading() as session:
        show_fields("tables", {"revision": revision.now(session)}, as_json)


@click.command("roles")
@click.option("--api", default=USUAL.api, show_default=True, metavar="LOGIN", help="Of the API and its commands.")
@click.option("--worker", default=USUAL.worker, show_default=True, metavar="LOGIN", help="Of what does the jobs.")
@click.option("--follower", default=USUAL.follower, show_default=True, metavar="LOGIN", help="Of the edges.")
@click.option("--print", "only_print", is_flag=True, help="Print the SQL, and change nothing.")
@as_json_option
@pass_desk
def make_roles(desk: Desk, api: str, worker: str, follower: str, only_print: bool, as_json: bool) -> None:
    """Make PostgreSQL's logins for API, worker and edges, with the rights that each needs and no others.

    The owner of the tables does (registry.owner_url), after each upgrade anew. They get no passwords: give them some.
    """
    logins = Logins(api, worker, follower)
    if only_print:
        statements = roles.script(desk.owners, logins)
        if as_json:
            print_json({"sql": statements})
        else:
            click.echo(f"BEGIN;\n{statements}COMMIT;")
        return
    roles.make(desk.owners, logins)
    show_fields("logins", {"api": api, "worker": worker, "follower": follower}, as_json)


@click.command("backup")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@as_json_option
@pass_desk
def write_backup(desk: Desk, file: Path, as_json: bool) -> None:
    """Write the whole registry into FILE, as it is at one moment, while it runs. It holds secrets: keep it safe."""
    desk.demand("registry.backup")
    with progress("writing", as_json) as told:
        count = backup.write(desk.owners, file, told)
    show_fields("backup", {"file": str(file), "rows": count, "bytes": file.stat().st_size}, as_json)


@click.command("restore")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@as_json_option
@pass_desk
def restore_backup(desk: Desk, file: Path, as_json: bool) -> None:
    """Fill an empty database from FILE, once its audit has been verified; followers start anew."""
    with progress("reading", as_json) as told:
        head = backup.restore(desk.owners, file, desk.operator, told)
    show_fields("restored", {"audit_seq": head.seq, "audit_hash": head.hash}, as_json)
    click.echo(
        "a new epoch: what edges had after the backup they keep, held, until somebody releases it there", err=True
    )
