"""An import in portions: others write between two, and what they do may end it; a file has bounds."""

import resource
from collections.abc import Callable

import pytest
from sqlalchemy import func, select

from control.fault import Fault, Kind, Refused
from control.registry.audit import chain as audit
from control.registry.cases import applications
from control.registry.intake import reading, text
from control.registry.jobs import jobs, worker
from control.registry.parties import registrants
from control.registry.parties.forms import Edit, some_of
from control.registry.parties.registrants import RegistrantNew, RegistrantText
from control.registry.store.database import Database
from control.registry.store.engines import Patience
from control.registry.store.model import Application, Job, Registrant
from tests.registry.cast import OFFICER, RULES, assemble
from tests.registry.clock import Clock
from tests.registry.key import key
from tests.registry_intake.association import Row, csv_of, member

ROWS, PORTION = 12, 4
NO_PATIENCE = Patience(0, 30, 10)


@pytest.fixture(autouse=True)
def small_portions(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few rows are several portions."""
    monkeypatch.setattr(reading, "PORTION_ROWS", PORTION)


def ordered(database: Database, data: bytes) -> str:
    with database.writing(OFFICER) as writing:
        return jobs.order_import(writing, data, "text/csv").id


def job(database: Database, id_: str) -> Job:
    with database.reading() as session:
        return session.get_one(Job, id_)


def entered(database: Database) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(Application)) or 0


def rows(count: int = ROWS) -> list[Row]:
    return [member(number) for number in range(count)]


def between(database: Database, do: Callable[[int], None]) -> Callable[[int, int], None]:
    """Return what, told of an import's progress, does something when so many rows are entered, of some."""

    def told(*_: int) -> None:
        if 0 < (done := entered(database)) < ROWS:
            do(done)

    return told


@pytest.mark.usefixtures("providers")
def test_others_write_between_portions(database: Database) -> None:
    """Without any patience: nobody holds the lock then, nor while the file is checked."""
    other = Database(database._url.render_as_string(hide_password=False), RULES, key=key(), patience=NO_PATIENCE)
    wrote: list[int] = []

    def write(*_: int) -> None:
        with other.writing(OFFICER) as writing:
            registrants.create(writing, RegistrantNew(name="Other", kind="individual"))
        wrote.append(entered(other))

    id_ = ordered(database, csv_of(rows()))
    try:
        worker.work(database, id_, write)
    finally:
        other.close()
    assert sorted(set(wrote)) == [0, 4, 8]
    assert (job(database, id_).state, entered(database)) == ("done", ROWS)


@pytest.mark.usefixtures("providers")
def test_a_file_is_checked_as_a_whole_before_its_first_portion(database: Database) -> None:
    slips = rows()
    slips[-1]["prefix"] = slips[0]["prefix"]
    id_ = ordered(database, csv_of(slips))
    worker.work(database, id_)
    ended = job(database, id_)
    assert (ended.state, ended.finished, ended.result["entered"], entered(database)) == ("refused", 0, 0, 0)


@pytest.mark.usefixtures("providers")
def test_a_portion_that_is_barred_meanwhile_ends_the_job_and_what_is_entered_stays(database: Database) -> None:
    """A registrant that comes by the reference of a later row, with another name."""

    def come(_: int) -> None:
        with database.reading() as session:
            there = session.scalars(select(Registrant).where(Registrant.reference == "M-10")).first()
        if there is None:
            with database.writing(OFFICER) as writing:
                registrants.create(writing, RegistrantNew(name="Another", kind="individual", reference="M-10"))

    id_ = ordered(database, csv_of(rows()))
    worker.work(database, id_, between(database, come))
    ended = job(database, id_)
    assert (ended.state, ended.finished, entered(database)) == ("refused", 8, 8)
    assert ended.result == {
        "dry_run": False,
        "rows": ROWS,
        "entered": 8,
        "applications": 8,
        "registrants": 8,
        "entries": 8,
        "faults": 1,
    }
    with database.reading() as session:
        assert [(fault.row, fault.column) for fault in jobs.faults(session, id_)] == [(12, "name")]
        assert set(session.scalars(select(Application.state))) == {"submitted"}
        assert not list(audit.verify(session))


@pytest.mark.usefixtures("providers")
def test_a_registrant_is_entered_with_the_first_portion_that_needs_it(database: Database) -> None:
    """And a later row that says nothing more of it finds it, whatever it is called by then."""
    one = rows()
    one[-1] |= {"registrant": "M-1", "kind": "", "name": "", "email": ""}

    def rename(done: int) -> None:
        assert done in (4, 8)
        with database.writing(OFFICER) as writing:
            found = writing.session.scalars(select(Registrant).where(Registrant.reference == "M-1")).one()
            edited = Edit(RegistrantText, some_of(RegistrantText).model_validate({"name": f"Renamed at {done}"}))
            registrants.edit(writing, found.id, found.version, edited)

    id_ = ordered(database, csv_of(one))
    worker.work(database, id_, between(database, rename))
    ended = job(database, id_)
    assert (ended.state, ended.result["registrants"], ended.result["applications"]) == ("done", ROWS - 1, ROWS)


def test_a_service_that_refuses_a_portion_leaves_those_before(
    database: Database, providers: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert providers
    create_many = applications.create_many

    def refuse(writing: object, drafts: object) -> object:
        if entered(database) == 8:
            raise Refused(Kind.CONFLICT, "Not now", [Fault("applications", "are refused", "wait")])
        return create_many(writing, drafts)  # type: ignore[arg-type]

    monkeypatch.setattr(applications, "create_many", refuse)
    id_ = ordered(database, csv_of(rows()))
    worker.work(database, id_)
    ended = job(database, id_)
    assert (ended.state, ended.finished, ended.result["entered"]) == ("refused", 8, 8)
    assert ended.result["title"] == "Not now"


@pytest.mark.usefixtures("providers")
def test_a_job_that_gets_further_may_lose_more_workers_than_one_that_does_not(database: Database, clock: Clock) -> None:
    class Died(BaseException):
        pass

    def die() -> None:
        raise Died

    many = 4 * (jobs.MOST_TAKINGS + 1)
    id_ = ordered(database, csv_of(rows(many)))
    database.give_way = die  # type: ignore[method-assign]
    for done in range(PORTION, many, PORTION):
        with pytest.raises(Died):
            worker.work(database, id_)
        running = job(database, id_)
        assert (running.state, running.finished, entered(database)) == ("running", done, done)
        clock.pass_(seconds=jobs.LEASE.seconds + 1)
    worker.work(database, id_)
    ended = job(database, id_)
    assert (ended.state, ended.result["registrants"], entered(database)) == ("done", many, many)
    assert jobs.TAKINGS not in ended.result


@pytest.mark.usefixtures("providers")
def test_a_job_that_an_earlier_version_left_is_entered_as_a_whole(database: Database) -> None:
    """That version noted how many rows it had read, and entered them all at its end."""
    id_ = ordered(database, csv_of(rows()))
    with database.writing(OFFICER) as writing:
        left = writing.session.get_one(Job, id_)
        left.state, left.finished, left.total = "running", 7, ROWS
    worker.work(database, id_)
    assert (job(database, id_).state, entered(database)) == ("done", ROWS)


def test_more_than_a_registrant_may_have_open_is_refused_at_once(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(applications, "MOST_OPEN", 6)
    cast = assemble(database)
    before = entered(database)
    papers = "identity=shelf/1=" + "ab" * 32 + ";incorporation=shelf/2=" + "ab" * 32
    lines = [f"{cast.company},company,Provider,10.9.0.{number},{papers}" for number in range(7)]
    data = "\n".join(["registrant,category,provider,prefix,documents", *lines]).encode()
    with database.writing(cast.applicant) as writing:
        id_ = jobs.order_import(writing, data, "text/csv").id
    worker.work(database, id_)
    ended = job(database, id_)
    assert (ended.state, ended.result["title"]) == ("refused", "Too many applications wait")
    assert entered(database) == before


@pytest.mark.usefixtures("providers")
def test_a_row_with_a_million_prefixes_is_told_before_anything_is_made_of_them(database: Database) -> None:
    two = rows(2)
    two[1]["prefix"] = ";".join(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}" for number in range(1_500_000))
    data = csv_of(two)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    batch = reading.read(data, "text/csv", database.rules)
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) << 10
    (fault,) = batch.listed()
    assert (fault.row, fault.column) == (3, "")
    assert "bytes, and a row has" in fault.why
    assert "256 prefixes at most" in fault.why
    assert grown < 4 * len(data)


@pytest.mark.usefixtures("providers")
def test_a_row_has_no_more_prefixes_than_its_category_takes(database: Database) -> None:
    data = csv_of([member(1) | {"prefix": " ".join(f"10.0.{n >> 8}.{n & 255}" for n in range(257))}])
    (fault,) = reading.read(data, "text/csv", database.rules).listed()
    assert (fault.row, fault.column) == (2, "prefix")
    assert fault.why == "are 257, and company takes 256"


def test_no_documents_are_made_of_more_than_an_application_refers_to() -> None:
    data = csv_of([member(1) | {"documents": ";".join(f"identity=shelf/{n}={'ab' * 32}" for n in range(51))}])
    batch = reading.read(data, "text/csv", RULES)
    (fault,) = batch.listed()
    assert (fault.row, fault.column) == (2, "documents")
    assert fault.why == "are 51, and one application refers to 50 at most"
    assert batch.items[0].draft.documents == ()


def test_a_file_has_no_more_rows_and_prefixes_and_time_than_are_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    data = csv_of(rows())
    for where, name, value, why in (
        (text, "MAX_ROWS", ROWS - 1, "more rows than the 11"),
        (text, "MAX_PREFIXES", ROWS - 2, "more prefixes than the 10 that are taken at a time, up to row 12"),
        (reading, "MOST_SECONDS", -1, "takes more than -1 s to read"),
    ):
        with monkeypatch.context() as patched:
            patched.setattr(where, name, value)
            with pytest.raises(Refused, match=why):
                reading.read(data, "text/csv", RULES)
    assert len(reading.read(data, "text/csv", RULES).items) == ROWS


def test_a_line_has_its_number_whatever_blank_lines_are_between() -> None:
    data = csv_of(rows(2)).replace(b"\n", b"\r\n \n\t\n\n")
    assert [item.row for item in reading.read(data, "text/csv", RULES).items] == [5, 9]


def test_portions_are_bounded_by_entries_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "PORTION_ENTRIES", 5)
    some = rows(6)
    some[1]["prefix"] = " ".join(f"10.1.0.{number}" for number in range(9))
    batch = reading.read(csv_of(some), "text/csv", RULES)
    assert [[item.row for item in portion.items] for portion in batch.portions()] == [[2], [3], [4, 5, 6, 7]]
