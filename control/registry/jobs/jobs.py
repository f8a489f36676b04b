"""Jobs: long work that goes on after the answer, with its progress, its faults and its result.

The effect of a job and its end are one transaction, so a job has either happened, and says so, or it has not. Of an
import, every portion is such a transaction, which says how far the job is by then. A worker that dies leaves its job
"running" with an old sign of life; whoever looks next takes the job up again, and goes on where it is. Each taking
gives the job a new version, and only who holds the last one can take it further: should the first worker live after
all, it finds at its next portion, or at the end, that the job is no longer its own, and what it just did is undone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import func, insert, or_, select, update
from sqlalchemy.orm import Session

from control.allowlist import formats
from control.fault import Fault, Kind, Refused
from control.registry.access import scopes
from control.registry.access.actor import Actor
from control.registry.intake import text as intake_text
from control.registry.intake.reading import RowFault
from control.registry.jobs import exports
from control.registry.store import rows
from control.registry.store.database import Database
from control.registry.store.ids import new_id
from control.registry.store.model import Job, JobRow
from control.registry.store.writing import Writing, portions

LEASE = timedelta(seconds=60)
"""How old a worker's last sign of life may be; it gives one every second or so."""

MOST_TAKINGS = 3
"""How often a job is taken up without getting further: one that kills its workers must not do so for ever."""

TAKINGS = "takings"
"""Where the result of a job that has not ended says how often that was."""

MOST_WAITING = 20
"""Jobs of one owner that may wait or run at a time."""

WORKER = Actor("worker")
"""Who takes jobs up; what a job does is done as its owner."""

MAX_COLUMN = 64
"""Characters of a fault's column; see ``model.JobRow``."""

ENDED = ("done", "refused", "failed")


ENTERED = "entered"
"""Where the result of an import says how many of its rows are entered, and stay."""


class LostError(Exception):
    """The job is another worker's by now; what this one did is undone."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A job in the hands of a worker.

    Attributes:
        version: that this taking gave it.
        owner: who ordered it, with the scopes of that time.
        request: what was ordered.
        finished, result: what an earlier worker did of it, which is done.
        body: what was sent with it.
    """

    id: str
    version: int
    kind: str
    owner: Actor
    request: Mapping[str, Any]
    finished: int
    result: Mapping[str, Any]
    body: bytes


def order_import(writing: Writing, data: bytes, media_type: str | None, dry_run: bool = False) -> Job:
    """Order the intake of a file of applications; see ``intake``.

    Raises:
        Refused: "unsupported-media-type"; "too-large"; "busy": too many of one's jobs wait.
    """
    writing.set_action("import.order")
    scopes.demand(writing.actor, "import.order")
    formats.kind_of(media_type)
    intake_text.demand_size(data)
    return _ordered(writing, "import", {"media_type": media_type, "dry_run": dry_run}, data)


def order_export(writing: Writing, subject: str, media_type: str = formats.CSV) -> Job:
    """Order an export of what one may see; see ``exports``.

    Raises:
        Refused: as ``exports.demand_allowed`` does; "busy": too many of one's jobs wait.
    """
    writing.set_action("export.order")
    exports.demand_allowed(writing.actor, subject, media_type)
    return _ordered(writing, "export", {"of": subject, "media_type": media_type}, None)


def take(database: Database, id_: str | None = None) -> Taken | None:
    """Take up the oldest job that waits or was left by a dead worker, or just that one; none when there is none.

    Raises:
        Refused: "unavailable" or "no-room".
    """
    with database.writing(WORKER) as writing:
        for job in writing.session.scalars(_takeable(writing, id_)):
            takings = job.result.get(TAKINGS, 0)
            if takings >= MOST_TAKINGS:
                _end(writing, job, "failed", {"error": f"its worker died {MOST_TAKINGS} times"})
                continue
            job.state, job.version = "running", job.version + 1
            job.started_at, job.seen_at, job.changed_at = job.started_at or writing.now, writing.now, writing.now
            done = {name: value for name, value in job.result.items() if name != TAKINGS}
            job.result = {**done, TAKINGS: takings + 1}
            request = dict(job.request)
            owner = request.pop("owner")
            actor = Actor(**{**owner, "scopes": frozenset(owner["scopes"])})
            body = (
                writing.session.scalar(select(Job.body).where(Job.id == job.id)) or b""
            )  # its alone, of all that wait
            # An earlier version noted there how many rows it had read, of which it had entered none.
            job.finished = done.get(ENTERED, 0) if enters(job.kind, request) else 0
            return Taken(job.id, job.version, job.kind, actor, request, job.finished, done, body)
    return None


def enters(kind: str, request: Mapping[str, Any]) -> bool:
    """Return whether a job is entered in portions, so that how far it is says what is done."""
    return kind == "import" and not request["dry_run"]


def show(database: Database, taken: Taken, finished: int, total: int) -> None:
    """Write down how far a job is, as a sign of life too; of one that is entered in portions, ``get_on`` does.

    Raises:
        LostError: the job is another's.
    """
    with database.writing(WORKER) as writing:
        mine = update(Job).where(Job.id == taken.id, Job.version == taken.version, Job.state == "running")
        values: dict[str, Any] = {"total": total, "seen_at": writing.now}
        if not enters(taken.kind, taken.request):
            values["finished"] = finished
        if not writing.session.execute(mine.values(values).returning(Job.id)).all():
            raise LostError(taken.id)


def get_on(writing: Writing, taken: Taken, finished: int, total: int, result: Mapping[str, Any]) -> None:
    """Note in the transaction of a portion how far the job is with it, and what came of it so far.

    Raises:
        LostError: the job is another's.
    """
    job = _mine(writing, taken)
    job.finished, job.total, job.result, job.seen_at = finished, total, dict(result), writing.now
    writing.session.flush()


def end(
    writing: Writing,
    taken: Taken,
    state: str,
    result: Mapping[str, Any],
    faults: Sequence[RowFault] = (),
    body: bytes | None = None,
) -> None:
    """End a job in the transaction of its effect: "done", "refused" with its faults, or "failed".

    What ``get_on`` said of its result stays, but for what ``result`` says otherwise.

    Raises:
        LostError: the job is another's.
    """
    job = _mine(writing, taken)
    numbered = [{"job_id": job.id, "place": place, **asdict(fault)} for place, fault in enumerate(faults)]
    for portion in portions(numbered):
        writing.session.execute(insert(JobRow), portion)
    _end(writing, job, state, result, body)


def faults(session: Session, id_: str, after: int = -1, limit: int = 1000) -> list[JobRow]:
    """Return faults of a job behind the place ``after``, in the order of the rows."""
    faults_behind = select(JobRow).where(JobRow.job_id == id_, JobRow.place > after)
    return list(session.scalars(faults_behind.order_by(JobRow.place).limit(limit)))


def body(session: Session, id_: str) -> bytes:
    """Return what an export wrote, compressed by gzip; empty when there is nothing."""
    return session.scalar(select(Job.body).where(Job.id == id_, Job.kind == "export")) or b""


def _ordered(writing: Writing, kind: str, request: Mapping[str, Any], data: bytes | None) -> Job:
    actor = writing.actor
    waiting = select(func.count()).select_from(Job).where(Job.owner == actor.id, Job.state.not_in(ENDED))
    if (writing.session.scalar(waiting) or 0) >= MOST_WAITING:
        fault = Fault("jobs", f"{MOST_WAITING} of yours are not done yet", "wait until some are")
        raise Refused(Kind.BUSY, "Too many jobs wait", [fault])
    owner = {**asdict(actor), "scopes": sorted(actor.scopes)}
    job = Job(
        id=new_id("job"),
        kind=kind,
        state="queued",
        owner=actor.id,
        request={**request, "owner": owner},
        body=data,
        total=0,
        finished=0,
        result={},
        version=1,
        created_at=writing.now,
        changed_at=writing.now,
    )
    writing.session.add(job)
    writing.session.flush()
    writing.record("job.order", job.id, {}, rows.columns(job))
    return job


def _takeable(writing: Writing, id_: str | None) -> Any:
    left = (Job.state == "running") & or_(Job.seen_at.is_(None), Job.seen_at < writing.now - LEASE)
    jobs = select(Job).where(or_(Job.state == "queued", left)).order_by(Job.id)
    return jobs.where(Job.id == id_) if id_ else jobs


def _mine(writing: Writing, taken: Taken) -> Job:
    job = writing.session.get(Job, taken.id, with_for_update=True)
    if job is None or (job.version, job.state) != (taken.version, "running"):
        raise LostError(taken.id)
    return job


def _end(writing: Writing, job: Job, state: str, result: Mapping[str, Any], body: bytes | None = None) -> None:
    before = {"state": job.state}
    job.result = {name: value for name, value in {**job.result, **result}.items() if name != TAKINGS}
    job.state, job.body, job.version = state, body, job.version + 1
    job.ended_at = job.seen_at = job.changed_at = writing.now
    if state == "done":
        job.finished = job.total
    writing.session.flush()
    writing.record(f"job.{state}", job.id, before, {"state": state, "result": job.result})
