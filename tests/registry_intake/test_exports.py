"""Exports: of everything that is one's own, in either format, whole, and nothing that a spreadsheet would run."""

import csv
import gzip
import io
import json
from collections.abc import Callable

import pytest

from control.registry.access.actor import Actor
from control.registry.jobs import exports, jobs, worker
from control.registry.parties import registrants
from control.registry.parties.registrants import RegistrantNew
from control.registry.store.database import Database
from control.registry.store.model import Job
from tests.registry.cast import OFFICER, Cast, apply, assemble, register
from tests.registry.crowd import Crowd


def job(database: Database, id_: str) -> Job:
    with database.reading() as session:
        return session.get_one(Job, id_)


def exported(database: Database, subject: str, media_type: str, actor: Actor = OFFICER) -> str:
    with database.writing(actor) as writing:
        id_ = jobs.order_export(writing, subject, media_type).id
    worker.work(database)
    assert job(database, id_).state == "done"
    with database.reading() as session:
        return gzip.decompress(jobs.body(session, id_)).decode()


def _of_csv(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def _of_ndjson(text: str) -> list[dict[str, str]]:
    return [json.loads(line) for line in text.splitlines()]


READERS = {"text/csv": _of_csv, "application/x-ndjson": _of_ndjson}


@pytest.mark.parametrize("media_type", READERS)
def test_registrations_are_exported(database: Database, media_type: str) -> None:
    cast = assemble(database)
    register(database, cast, "10.0.0.1", {"prefix": "10.1.0.0/24", "protocols": ["wireguard"], "ports": [51820]})
    read: Callable[[str], list[dict[str, str]]] = READERS[media_type]
    rows = read(exported(database, "registrations", media_type))
    assert [row["prefix"] for row in rows] == ["10.0.0.1", "10.1.0.0/24"]
    assert {row["state"] for row in rows} == {"active"}
    assert rows[1]["ports"] in ("51820", ["51820"])


def test_an_exported_application_can_be_taken_again(database: Database) -> None:
    cast = assemble(database)
    apply(database, cast, ["10.0.0.1", {"prefix": "10.0.0.2", "ports": [443]}])
    rows = _of_csv(exported(database, "applications", "text/csv"))
    assert [(row["prefixes"], row["ports"]) for row in rows] == [("10.0.0.1", ""), ("10.0.0.2", "443")]
    taken_again = [{name: row[name] for name in ("registrant", "category", "provider", "documents")} for row in rows]
    head, row = ",".join([*taken_again[0], "prefix"]), ",".join([*taken_again[0].values(), "10.9.9.9"])
    with database.writing(OFFICER) as writing:
        id_ = jobs.order_import(writing, f"{head}\n{row}\n".encode(), "text/csv", True).id
    worker.work(database)
    assert job(database, id_).state == "done"


def test_everyone_exports_what_is_theirs(database: Database) -> None:
    cast: Cast = assemble(database)
    apply(database, cast, ["10.0.0.1"])
    apply(database, cast, ["10.0.0.2"], cast.rival)
    assert len(_of_csv(exported(database, "applications", "text/csv", cast.applicant))) == 1
    assert len(_of_csv(exported(database, "applications", "text/csv", cast.confirmer))) == 2
    stranger = Actor("stranger", frozenset({"provider"}), provider="prv_stranger")
    assert _of_csv(exported(database, "applications", "text/csv", stranger)) == []


@pytest.mark.tampered  # its rows are put in by SQL
@pytest.mark.parametrize("media_type", READERS)
@pytest.mark.parametrize("subject", ["applications", "registrations"])
def test_more_than_a_batch_is_exported_whole(database: Database, subject: str, media_type: str) -> None:
    crowd = Crowd.of_two()
    for _ in range(exports.BATCH + 1):
        crowd.apply(crowd.registrants[0].id, crowd.providers[0].id, "approved", submitted=True)
    kind = "app_" if subject == "applications" else "rgn_"
    ids = sorted(case.id for case in crowd.cases if case.id.startswith(kind))
    with database.writing(OFFICER) as writing:
        crowd.enter(writing.session)
    rows = READERS[media_type](exported(database, subject, media_type))
    assert [row["id"] for row in rows] == ids


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", "=cmd|' /C calc'!A0", "'=1", "'plain", "a=b"])
def test_a_spreadsheet_runs_nothing_of_an_export_and_an_import_reads_it_back(database: Database, name: str) -> None:
    cast = assemble(database)
    with database.writing(OFFICER) as writing:
        named = registrants.create(writing, RegistrantNew(kind="organisation", name=name, reference="R-1")).id
    apply(database, cast, ["10.0.0.1"], named, by=OFFICER)
    text = exported(database, "applications", "text/csv")
    (row,) = _of_csv(text)
    assert not row["name"].startswith(("=", "+", "-", "@"))
    head = "registrant,kind,name,category,provider,prefixes,documents\n"
    again = io.StringIO()
    csv.writer(again, lineterminator="\n").writerow(
        [row["registrant"], row["kind"], row["name"], row["category"], row["provider"], "10.9.9.9", row["documents"]]
    )
    with database.writing(OFFICER) as writing:  # it would be refused as another's reference, were the name another one
        id_ = jobs.order_import(writing, (head + again.getvalue()).encode(), "text/csv", True).id
    worker.work(database)
    assert job(database, id_).state == "done"
