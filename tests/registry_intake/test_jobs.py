"""Jobs: each is done once or not at all, says how far it is and what was wrong, and survives its worker."""

import multiprocessing
from pathlib import Path

import pytest
from sqlalchemy import func, select

from control.fault import Refused
from control.registry.access.actor import Actor
from control.registry.audit import anchors
from control.registry.audit import chain as audit
from control.registry.audit.chain import Witnessed
from control.registry.jobs import jobs, worker
from control.registry.jobs.calendar import Housekeeping, anchor_daily, sign_head
from control.registry.jobs.jobs import LostError, Taken
from control.registry.store.database import Database
from control.registry.store.model import Application, AuditRow, Job
from tests.registry.cast import OFFICER, assemble, register
from tests.registry.clock import Clock
from tests.registry_intake.association import csv_of, member

MEMBERS = csv_of([member(number) for number in range(30)])


def ordered(database: Database, data: bytes = MEMBERS, dry_run: bool = False, actor: Actor = OFFICER) -> str:
    with database.writing(actor) as writing:
        return jobs.order_import(writing, data, "text/csv", dry_run).id


def job(database: Database, id_: str) -> Job:
    with database.reading() as session:
        return session.get_one(Job, id_)


def applications(database: Database) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(Application)) or 0


def take(database: Database) -> Taken:
    taken = jobs.take(database)
    assert taken
    return taken


@pytest.mark.usefixtures("providers")
def test_an_import_is_done_in_the_name_of_who_ordered_it(database: Database) -> None:
    id_ = ordered(database)
    assert job(database, id_).state == "queued"
    assert worker.work(database) == id_
    ended = job(database, id_)
    assert (ended.state, ended.finished, ended.total) == ("done", 30, 30)
    assert ended.result == {
        "dry_run": False,
        "rows": 30,
        "entered": 30,
        "applications": 30,
        "registrants": 30,
        "entries": 30,
        "faults": 0,
    }
    assert applications(database) == 30
    with database.reading() as session:
        rows = session.scalars(select(AuditRow.actor).where(AuditRow.action == "application.create"))
        assert set(rows) == {OFFICER.id}
        assert not list(audit.verify(session))
    assert worker.work(database) is None


@pytest.mark.usefixtures("providers")
def test_a_dry_run_takes_nothing(database: Database) -> None:
    id_ = ordered(database, dry_run=True)
    worker.work(database)
    assert (job(database, id_).state, applications(database)) == ("done", 0)


@pytest.mark.usefixtures("providers")
@pytest.mark.parametrize("dry_run", [True, False])
def test_faults_are_kept_in_the_order_of_the_rows(database: Database, dry_run: bool) -> None:
    rows = [member(number) for number in range(30)]
    for number in (20, 3, 11):
        rows[number]["category"] = "companies"
    id_ = ordered(database, csv_of(rows), dry_run)
    worker.work(database)
    assert (job(database, id_).state, applications(database)) == ("refused", 0)
    with database.reading() as session:
        assert [(each.row, each.column) for each in jobs.faults(session, id_)] == [
            (5, "category"),
            (13, "category"),
            (22, "category"),
        ]
        assert [each.row for each in jobs.faults(session, id_, after=0, limit=1)] == [13]


def test_a_file_that_is_none_is_a_refused_job(database: Database) -> None:
    id_ = ordered(database, b"name;address\nx;y\n")
    worker.work(database)
    assert job(database, id_).state == "refused"
    with database.reading() as session:
        assert {each.column for each in jobs.faults(session, id_)} == {"header"}


def test_a_registrant_imports_for_nobody_else(database: Database) -> None:
    cast = assemble(database)
    data = f"registrant,category,provider,prefix\n{cast.rival},company,Provider,10.0.0.1\n".encode()
    id_ = ordered(database, data, actor=cast.applicant)
    worker.work(database)
    assert job(database, id_).state == "refused"


def test_a_registrants_import_is_not_told_what_others_hold(database: Database) -> None:
    cast = assemble(database)
    register(database, cast, "10.0.0.1")
    papers = "identity=shelf/1=" + "ab" * 32 + ";incorporation=shelf/2=" + "ab" * 32
    row = f"{cast.rival},company,Provider,10.0.0.0/24,{papers}"
    data = f"registrant,category,provider,prefix,documents\n{row}\n".encode()
    id_ = ordered(database, data, actor=cast.other)
    worker.work(database)
    assert job(database, id_).state == "done"  # as if nobody held it: that is for the provider to be told


@pytest.mark.usefixtures("providers")
def test_a_job_of_a_dead_worker_is_taken_up_again(database: Database, clock: Clock) -> None:
    id_ = ordered(database)
    take(database)
    assert jobs.take(database) is None
    clock.pass_(seconds=jobs.LEASE.seconds + 1)
    assert worker.work(database) == id_
    assert (job(database, id_).state, applications(database)) == ("done", 30)


@pytest.mark.usefixtures("providers")
def test_a_worker_that_was_thought_dead_undoes_what_it_did(database: Database, clock: Clock) -> None:
    id_ = ordered(database)
    slow = take(database)
    clock.pass_(seconds=jobs.LEASE.seconds + 1)
    assert worker.work(database) == id_
    with pytest.raises(LostError):
        jobs.show(database, slow, 1, 30)
    with pytest.raises(LostError), database.writing(OFFICER) as writing:
        apply_ = writing.session.scalars(select(Application).limit(1)).one()
        apply_.reason = "done by the slow one"
        jobs.end(writing, slow, "done", {})
    with database.reading() as session:
        assert set(session.scalars(select(Application.reason))) == {""}


def test_a_job_that_kills_its_workers_fails_at_last(database: Database, clock: Clock) -> None:
    id_ = ordered(database)
    for _ in range(jobs.MOST_TAKINGS):
        take(database)
        clock.pass_(seconds=jobs.LEASE.seconds + 1)
    assert jobs.take(database) is None
    assert job(database, id_).state == "failed"


def test_a_fault_of_the_program_fails_the_job_and_not_the_worker(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    id_ = ordered(database)
    monkeypatch.setattr("control.registry.intake.reading.read", broken)
    assert worker.work(database) == id_
    assert (job(database, id_).state, job(database, id_).result) == ("failed", {"error": "ZeroDivisionError"})


def test_only_so_many_jobs_of_one_owner_wait(database: Database) -> None:
    for _ in range(jobs.MOST_WAITING):
        ordered(database)
    with pytest.raises(Refused, match="Too many jobs"):
        ordered(database)


@pytest.mark.usefixtures("providers")
def test_a_worker_thread_does_what_waits(database: Database) -> None:
    kept: list[int] = []
    thread = worker.Worker(database, lambda: kept.append(1))
    ids = [ordered(database, dry_run=True) for _ in range(3)]
    thread.start()
    try:
        for _ in range(600):
            if all(job(database, id_).state == "done" for id_ in ids):
                break
            thread._stopping.wait(0.05)
    finally:
        thread.stop()
    assert {job(database, id_).state for id_ in ids} == {"done"}
    assert kept


def test_the_head_is_anchored_once_a_day(database: Database, clock: Clock, tmp_path: Path) -> None:
    assemble(database)
    keep = Housekeeping(database, tmp_path / "heads")
    keep()
    assert anchor_daily(database, tmp_path / "heads") is None
    clock.pass_(days=1)
    sign_head(database)
    assert anchor_daily(database, tmp_path / "heads")
    kept = list(anchors.kept(tmp_path / "heads"))
    assert [each.head.head.number for each in kept if isinstance(each, Witnessed)] == [1, 2]


def test_processes_may_anchor_at_the_same_time(database: Database, tmp_path: Path) -> None:
    def anchor() -> None:
        for _ in range(200):
            anchors.write(tmp_path, database.now(), "{}")

    fork = multiprocessing.get_context("fork")
    processes = [fork.Process(target=anchor) for _ in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0, 0]
    assert [file.suffix for file in tmp_path.glob("audit-*")] == [".json"]
