"""Commands about the registry's tables and their copies."""

import sys
from pathlib import Path

import click

from control.cli.context import as_json_option
from control.cli.output import print_json
from control.cli.progress import progress
from control.cli.registry import foretelling
from control.cli.registry.desk import Desk, pass_desk
from control.cli.registry.showing import show_fields
from control.registry.store import backup, contents, revision, roles
from control.registry.store.rights import USUAL, Logins

AFTER = "a new epoch: what edges had after the backup they keep, held, until somebody releases it there"


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
    """Write the whole registry into FILE, as it is at one moment, while it runs.

    It holds contacts, and digests of tokens, and neither the key nor a token: keep it to yourself.
    """
    desk.demand("registry.backup")
    with progress("writing", as_json) as told:
        count = backup.write(desk.owners, file, told)
    show_fields("backup", {"file": str(file), "rows": count, "bytes": file.stat().st_size}, as_json)


@click.command("restore")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--against", metavar="WHAT", help="What edges have by now: a newer backup, a list, or a database's URL.")
@click.option("--dry-run", is_flag=True, help="Say what it would do to the edges, and do nothing.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@as_json_option
@pass_desk
def restore_backup(desk: Desk, file: Path, against: str | None, dry_run: bool, yes: bool, as_json: bool) -> None:
    """Fill an empty database from FILE, once its audit has been verified; followers start anew.

    What that takes off the edges, and what it brings them, is said first, and asked for.
    """
    with progress("looking", as_json) as told:
        backed_up = contents.read(file, told)
    foretold = foretelling.foretold(desk.config, backed_up, desk.owners.now(), against)
    del backed_up
    if not as_json:
        foretelling.show(file, foretold)
    if not dry_run:
        foretelling.demand_sure(yes, not as_json and sys.stdin.isatty())
        with progress("reading", as_json) as told:
            head = backup.restore(desk.owners, file, desk.operator, told)
        done = {"audit_seq": head.seq, "audit_hash": head.hash}
        if not as_json:
            show_fields("restored", done, as_json)
            click.echo(AFTER, err=True)
        foretold = {**done, "foretold": foretold}
    if as_json:
        print_json(foretold)
