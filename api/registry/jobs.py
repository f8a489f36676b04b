"""/v1/imports, /v1/exports and /v1/jobs: long work, ordered here and done by a worker; see control.registry.jobs."""

import zlib
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Literal

from apiflask import APIBlueprint
from flask import Response, request
from pydantic import Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from api.kit import body
from api.kit.contract import Contract, Media, under
from api.kit.schema import Strict
from api.registry.desk import paging, store
from api.registry.desk.operation import Given, Nothing, ViewAnswer, creates, reads, takes
from api.registry.records import Record, VersionedRecord
from control.allowlist import formats
from control.fault import Fault, Kind, Refused
from control.registry.access import scopes, sight
from control.registry.jobs import exports, jobs
from control.registry.store import rows
from control.registry.store.model import Job, JobRow

MEDIA_TYPES = {"csv": formats.CSV, "ndjson": formats.NDJSON}
State = Literal["queued", "running", "done", "refused", "failed"]
STEP = 1 << 16
"""Bytes of a packed result that are unpacked at a time."""

blueprint = APIBlueprint("jobs", __name__, tag="Jobs")


class ImportQuery(Strict):
    """How to take the file."""

    dry_run: bool = Field(False, description="Find every fault, and take nothing.")


class ExportNew(Strict):
    """What to export, as far as one may see it."""

    of: Literal["applications", "registrations"]
    format: Literal["csv", "ndjson"] = "csv"


class JobRecord(VersionedRecord):
    """Long work: how far it is, and how it ended."""

    kind: Literal["import", "export"]
    state: State = Field(description="`refused`: it has faults; `failed`: the fault is ours.")
    owner: str
    finished: int = Field(description="Rows so far; of an import that is no dry run, those entered, which stay.")
    total: int
    result: dict[str, Any] = Field(description="How much was taken or written so far.")
    started_at: datetime | None
    ended_at: datetime | None


class JobPage(paging.Page[JobRecord]):
    """A page of jobs."""


class JobQuery(paging.PageQuery):
    """Which jobs, and in which order."""

    sort: Literal["id", "-id"] = "id"
    kind: Literal["import", "export"] | None = None
    state: State | None = None


class FaultRecord(Record):
    """One fault of a file: in which row and column, and what to do."""

    row: int = Field(description="Its line; 0 is the file as a whole.")
    column: str = Field(description="As the file calls it; empty is the row as a whole.")
    why: str
    mend: str


class FaultPage(paging.Page[FaultRecord]):
    """A page of faults."""


class FaultQuery(paging.PageQuery):
    """In the order of the rows."""

    limit: int = Field(200, ge=1, le=1000, description="Faults on a page.")
    sort: Literal["place"] = "place"


COLUMNS: paging.Columns = {"id": Job.id, "kind": Job.kind, "state": Job.state}


@blueprint.post("/v1/imports")
@blueprint.input(ImportQuery, location="query", arg_name="query")
@takes(JobRecord, "import.order", (formats.CSV, formats.NDJSON))
def take(given: Given[Nothing], query: ImportQuery) -> ViewAnswer:
    """Import a file of applications.

    CSV or NDJSON, a row an application. While one has a fault, none is entered; then they are, in portions, between
    which others write. What they do may bar a portion, which ends the job: its result says how many rows are entered
    by then, and stay. The answer is the job; its faults are listed by row.
    """
    return _ordered(jobs.order_import(given.writing, given.value, request.mimetype, query.dry_run))


@blueprint.post("/v1/exports")
@creates(JobRecord, "export.order", ExportNew)
def export(given: Given[ExportNew]) -> ViewAnswer:
    """Export applications or registrations.

    The answer is the job; what it wrote is its result.
    """
    return _ordered(jobs.order_export(given.writing, given.body.of, MEDIA_TYPES[given.body.format]))


@blueprint.get("/v1/jobs")
@blueprint.input(JobQuery, location="query", arg_name="query")
@reads(JobPage, "job.read")
def find(session: Session, query: JobQuery) -> ViewAnswer:
    """List jobs."""
    visible = sight.select_visible(store.actor(), Job).where(*paging.filters(query, COLUMNS))
    return ViewAnswer(paging.listed(session, visible, query, COLUMNS, paging.each_by(JobRecord.model_validate)))


@blueprint.get("/v1/jobs/<id:job_id>")
@reads(JobRecord, "job.read")
def read(session: Session, job_id: str) -> ViewAnswer:
    """Read a job: how far it is."""
    job = rows.find(session, store.actor(), Job, job_id)
    return ViewAnswer(JobRecord.model_validate(job), job.version, settled=job.state in jobs.ENDED)


@blueprint.get("/v1/jobs/<id:job_id>/faults")
@blueprint.input(FaultQuery, location="query", arg_name="query")
@reads(FaultPage, "job.read")
def faults(session: Session, job_id: str, query: FaultQuery) -> ViewAnswer:
    """List a job's faults."""
    rows.find(session, store.actor(), Job, job_id)
    its = select(JobRow).where(JobRow.job_id == job_id)
    show = paging.each_by(FaultRecord.model_validate)
    return ViewAnswer(paging.listed(session, its, query, {"place": JobRow.place}, show, "place"))


@blueprint.get("/v1/jobs/<id:job_id>/result")
@under(
    Contract(
        scopes.token_scopes("job.read"), None, gives=tuple(Media(media_type) for media_type in exports.MEDIA_TYPES)
    )
)
def result(job_id: str) -> Response:
    """Read what an export wrote."""
    with store.reading() as session:
        job = rows.find(session, store.actor(), Job, job_id)
        if job.kind != "export" or job.state != "done":
            fault = Fault(job_id, f"is an {job.kind} that is {job.state}", "wait for an export to be done")
            raise Refused(Kind.CONFLICT, "The job has no result to read", [fault])
        packed, media_type = jobs.body(session, job_id), str(job.result["media_type"])
    name = f"{job.request['of']}.{'csv' if media_type == formats.CSV else 'ndjson'}"
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Content-Length": str(job.result["bytes"]),
        "Content-Digest": body.digest_header(bytes.fromhex(job.result["sha256"])),
    }
    return Response(_unpacked(packed), 200, headers, content_type=media_type)


def _ordered(job: Job) -> ViewAnswer:
    return ViewAnswer(JobRecord.model_validate(job), job.version, f"/v1/jobs/{job.id}")


def _unpacked(packed: bytes) -> Iterator[bytes]:
    """Yield what gzip packed, a piece at a time."""
    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16)
    for start in range(0, len(packed), STEP):
        yield unpacker.decompress(packed[start : start + STEP])
    yield unpacker.flush()
