"""Commands about long work: import, export and jobs."""

import sys
import time
from pathlib import Path
from typing import Any, BinaryIO

import click

from control.allowlist import formats
from control.cli.context import as_json_option
from control.cli.output import print_json
from control.cli.progress import progress
from control.cli.registry.desk import Desk, pass_desk
from control.cli.registry.showing import after_option, limit_option, page, record, show_row, show_rows
from control.registry.access import sight
from control.registry.jobs import exports, jobs, worker
from control.registry.store import rows
from control.registry.store.model import Job

MEDIA_TYPES = {"csv": formats.CSV, "ndjson": formats.NDJSON}
WAIT = 0.2
"""Seconds between two looks at a job that another worker does."""

FAULT_COLUMNS = ("row", "column", "why", "mend")


@click.command("import")
@click.argument("file", type=click.File("rb"))
@click.option("--format", "kind", type=click.Choice(list(MEDIA_TYPES)), help="By default it is guessed.")
@click.option("--dry-run", is_flag=True, help="List every fault, and take nothing.")
@as_json_option
@pass_desk
def import_applications(desk: Desk, file: BinaryIO, kind: str | None, dry_run: bool, as_json: bool) -> None:
    """Take a FILE of applications (CSV or NDJSON; - for standard input).

    A row is an application. While one has a fault, none is entered. Faults are listed by row and column with what to
    do; the status is then 1, and what is entered all the same, because a fault came up meanwhile, is told.
    """
    with desk.writing() as writing:
        id_ = jobs.order_import(writing, file.read(), MEDIA_TYPES[kind] if kind else None, dry_run).id
    with progress("reading", as_json) as told:
        while worker.work(desk.workers, id_, told) is None:
            with desk.reading("job.read") as session:
                job = session.get_one(Job, id_)
            if job.state in jobs.ENDED:
                break
            told(job.finished, job.total)
            time.sleep(WAIT)
    if not _say(desk, id_, as_json):
        sys.exit(1)


@click.command("export")
@click.argument("subject", type=click.Choice(exports.SUBJECTS))
@click.option("--format", "kind", type=click.Choice(list(MEDIA_TYPES)), default="csv", show_default=True)
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="By default standard output.")
@as_json_option
@pass_desk
def export_subject(desk: Desk, subject: str, kind: str, output: Path | None, as_json: bool) -> None:
    """Write what there is of a SUBJECT; with --json as NDJSON."""
    media_type = formats.NDJSON if as_json else MEDIA_TYPES[kind]
    quiet = as_json or output is None
    with desk.reading("export.order") as session, progress(f"writing {subject}", quiet) as told:
        chunks = exports.chunks(session, desk.actor, subject, media_type, told)
        if output is None:
            for chunk in chunks:
                sys.stdout.buffer.write(chunk)
            sys.stdout.buffer.flush()
        else:
            with output.open("wb") as file:
                file.writelines(chunks)


@click.group("jobs")
def commands() -> None:
    """Imports and exports, as the API orders them."""


@commands.command("list")
@after_option
@limit_option
@as_json_option
@pass_desk
def jobs_list(desk: Desk, after: str, limit: int, as_json: bool) -> None:
    """List jobs, the oldest first."""
    with desk.reading("job.read") as session:
        page_rows = page(session, sight.select_visible(desk.actor, Job), after, limit)
    columns = ("id", "kind", "state", "owner", "finished", "total", "created_at", "ended_at")
    show_rows("jobs", columns, page_rows, as_json)


@commands.command("show")
@click.argument("id_", metavar="ID")
@as_json_option
@pass_desk
def jobs_show(desk: Desk, id_: str, as_json: bool) -> None:
    """Show one job."""
    with desk.reading("job.read") as session:
        show_row(rows.find(session, desk.actor, Job, id_), as_json)


@commands.command("faults")
@click.argument("id_", metavar="ID")
@as_json_option
@pass_desk
def jobs_faults(desk: Desk, id_: str, as_json: bool) -> None:
    """Show every fault that a job found, by row and column, with what to do."""
    with desk.reading("job.read") as session:
        rows.find(session, desk.actor, Job, id_)
    show_rows("faults", FAULT_COLUMNS, _faults(desk, id_), as_json)


@commands.command("work")
@as_json_option
@pass_desk
def jobs_work(desk: Desk, as_json: bool) -> None:
    """Do every job that waits, or that a worker left when it died."""
    desk.demand("job.work")
    done = []
    with progress("working", as_json) as told:
        while (id_ := worker.work(desk.workers, progress=told)) is not None:
            done.append(id_)
    with desk.reading("job.read") as session:
        records = [record(session.get_one(Job, id_)) for id_ in done]
    show_rows("done", ("id", "kind", "state", "result"), records, as_json)


def _say(desk: Desk, id_: str, as_json: bool) -> bool:
    """Show how a job ended, and return whether it was done."""
    with desk.reading("job.read") as session:
        job = record(session.get_one(Job, id_))
    faults = _faults(desk, id_)
    if as_json:
        print_json(job | {"faults": faults})
    else:
        result = job["result"]
        click.echo(f"{id_}: {job['state']}, {', '.join(f'{key} {value}' for key, value in result.items())}")
        if faults:
            show_rows("faults", FAULT_COLUMNS, faults, as_json=False)
    return bool(job["state"] == "done")


def _faults(desk: Desk, id_: str) -> list[dict[str, Any]]:
    with desk.reading("job.read") as session:
        job_faults = jobs.faults(session, id_, limit=sys.maxsize >> 1)
    return [{name: getattr(fault, name) for name in FAULT_COLUMNS} for fault in job_faults]
