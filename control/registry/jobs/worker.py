"""Who does the jobs: each in the name of whoever ordered it, one after the other."""

import contextlib
import gzip
import hashlib
import io
import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import structlog

from control.fault import Fault, Kind, Refused
from control.registry.intake import plan as intake
from control.registry.intake import reading
from control.registry.intake.reading import Batch, RowFault
from control.registry.jobs import exports, jobs
from control.registry.jobs.jobs import LostError, Taken
from control.registry.progress import Progress, no_progress
from control.registry.store.database import Database

log = structlog.get_logger()

SHOW_EVERY = 1.0
"""Seconds between two notes of a job's progress."""

ALIVE_EVERY = 10.0
"""Seconds without progress after which a worker says that it lives: one row may take minutes."""

IDLE = 1.0
"""Seconds between two looks for a job when there is none."""

DOWN = (Kind.UNAVAILABLE, Kind.NO_ROOM)
"""Kinds of refusals that are the database's: the job is none the worse, and is taken up again later."""


def work(database: Database, id_: str | None = None, progress: Progress = no_progress) -> str | None:
    """Take up one job, or just that one, and do it; return its id, none when there is none to do.

    Raises:
        Refused: "unavailable" or "no-room": the job stays, to be taken up again.
    """
    taken = jobs.take(database, id_)
    if taken is None:
        return None
    try:
        with _Showing(database, taken, progress) as showing:
            _KINDS[taken.kind](database, taken, showing)
    except LostError:
        log.warning("a job was taken up by another worker", job=taken.id)
    except Refused as refused:
        if refused.kind in DOWN:
            raise
        _end_apart(
            database, taken, "refused", {"title": refused.title}, [_row_fault(fault) for fault in refused.faults]
        )
    except Exception as error:
        log.exception("a job failed", job=taken.id)
        _end_apart(database, taken, "failed", {"error": type(error).__name__}, [])
    return taken.id


class _Showing:
    """Passes progress on, and writes it down now and then; a thread says that the worker lives while there is none."""

    def __init__(self, database: Database, taken: Taken, progress: Progress) -> None:
        self._database, self._taken, self._progress = database, taken, progress
        self._shown = time.monotonic()
        self._far = (0, 0)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._live, name="sign-of-life", daemon=True)

    def __enter__(self) -> "_Showing":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def __call__(self, done: int, total: int) -> None:
        self._progress(done, total)
        self._far = done, total
        if time.monotonic() - self._shown >= SHOW_EVERY or done == total:
            self._shown = time.monotonic()
            jobs.show(self._database, self._taken, done, total)

    def _live(self) -> None:
        while not self._ended.wait(ALIVE_EVERY):
            if time.monotonic() - self._shown < ALIVE_EVERY:
                continue
            with contextlib.suppress(Refused, LostError):  # whoever works finds that out, too
                jobs.show(self._database, self._taken, *self._far)


def _import(database: Database, taken: Taken, progress: Progress) -> None:
    """Check a file as a whole while others write, and enter it in portions, between which they do."""
    batch = reading.read(taken.body, taken.request["media_type"], database.rules, progress, taken.finished)
    with database.reading() as session:
        plan = intake.check(session, taken.owner, database.rules, batch)
    dry_run = bool(taken.request["dry_run"])
    if dry_run or plan.faults or not batch.items:
        result = {"dry_run": dry_run, "rows": batch.total, **({} if dry_run else {jobs.ENTERED: taken.finished})}
        result |= {"faults": len(plan.faults)} if taken.finished else plan.counts
        with database.writing(taken.owner, taken.id) as writing:
            jobs.end(writing, taken, "refused" if plan.faults else "done", result, plan.faults)
        return
    del plan  # what is entered is planned anew, in its own transaction
    _enter(database, taken, batch, progress)


def _enter(database: Database, taken: Taken, batch: Batch, progress: Progress) -> None:
    """Enter a file without faults, a portion at a time, up to the first that what others did meanwhile bars."""
    finished, sums = taken.finished, Counter({name: taken.result.get(name, 0) for name in intake.SIZES})
    for portion in batch.portions():
        with database.writing(taken.owner, taken.id) as writing:
            plan = intake.check(writing.session, taken.owner, database.rules, portion)
            if not plan.faults:
                intake.enter(writing, plan)
                finished, sums = finished + len(portion.items), sums + Counter(plan.sizes)
            result = {"dry_run": False, "rows": batch.total, jobs.ENTERED: finished}
            result |= {name: sums[name] for name in intake.SIZES} | {"faults": len(plan.faults)}
            jobs.get_on(writing, taken, finished, batch.total, result)
            if plan.faults or finished == batch.total:
                jobs.end(writing, taken, "refused" if plan.faults else "done", result, plan.faults)
                return
        progress(finished, batch.total)
        database.give_way()


def _export(database: Database, taken: Taken, progress: Progress) -> None:
    written, digest, size = io.BytesIO(), hashlib.sha256(), 0
    with database.reading() as session, gzip.open(written, "wb", 6) as packed:
        for chunk in exports.chunks(session, taken.owner, taken.request["of"], taken.request["media_type"], progress):
            packed.write(chunk)
            digest.update(chunk)
            size += len(chunk)
    with database.writing(taken.owner, taken.id) as writing:
        result = {"media_type": taken.request["media_type"], "bytes": size, "sha256": digest.hexdigest()}
        jobs.end(writing, taken, "done", result, body=written.getvalue())


_KINDS: dict[str, Callable[[Database, Taken, Progress], None]] = {"import": _import, "export": _export}


def _end_apart(database: Database, taken: Taken, state: str, result: dict[str, Any], faults: list[RowFault]) -> None:
    """End a job whose own transaction was undone."""
    try:
        with database.writing(taken.owner, taken.id) as writing:
            jobs.end(writing, taken, state, result, faults)
    except LostError:
        log.warning("a job was taken up by another worker", job=taken.id)


def _row_fault(fault: Fault) -> RowFault:
    """Return a fault of the file as a whole."""
    return RowFault(0, fault.where[: jobs.MAX_COLUMN], fault.why, fault.mend)


class Worker:
    """A thread that does jobs until it is stopped; several, in several processes too, do each job once."""

    def __init__(self, database: Database, housekeeping: Callable[[], None] = lambda: None) -> None:
        """``housekeeping`` is called between two jobs, at least every few seconds."""
        self._database, self._housekeeping = database, housekeeping
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="registry-worker", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Finish the job at hand, and end."""
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopping.is_set():
            if not self._once():
                self._stopping.wait(IDLE)

    def _once(self) -> bool:
        """Do what there is to do; whatever happens, the thread lives on."""
        try:
            self._housekeeping()
            return work(self._database) is not None
        except Refused as refused:
            log.warning("the registry cannot be worked on", refusal=str(refused))
        except Exception:
            log.exception("the registry's worker has a fault")
        return False
