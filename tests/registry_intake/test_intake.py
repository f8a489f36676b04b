"""A file of applications: every slip told by row and column, and nothing taken unless all is."""

import json

import pytest
from sqlalchemy import func, select

from control.fault import Refused
from control.registry.access.actor import Actor
from control.registry.cases import review
from control.registry.intake import plan as intake
from control.registry.intake import reading
from control.registry.intake.plan import Plan
from control.registry.store.database import Database
from control.registry.store.model import Application, ApplicationEntry, AuditRow, Registrant
from tests.registry.cast import OFFICER, assemble
from tests.registry_intake.association import PROVIDERS, SLIPS, address, csv_of, member

pytestmark = pytest.mark.usefixtures("providers")


def planned(database: Database, data: bytes, media_type: str | None = "text/csv") -> Plan:
    """Return what a dry run says."""
    batch = reading.read(data, media_type, database.rules)
    with database.reading() as session:
        return intake.check(session, OFFICER, database.rules, batch)


def taken(database: Database, data: bytes, media_type: str | None = "text/csv") -> list[str]:
    batch = reading.read(data, media_type, database.rules)
    with database.writing(OFFICER) as writing:
        return intake.enter(writing, intake.check(writing.session, OFFICER, database.rules, batch))


def faults(database: Database, data: bytes, media_type: str | None = "text/csv") -> list[tuple[int, str, str]]:
    return [(fault.row, fault.column, fault.why) for fault in planned(database, data, media_type).faults]


@pytest.mark.parametrize("slip", SLIPS, ids=lambda slip: f"{slip[0]}: {slip[2]}")
def test_a_slip_is_the_only_fault_of_its_row_and_says_what_to_do(database: Database, slip: tuple) -> None:  # type: ignore[type-arg]
    column, wrong, why, mend = slip
    rows = [member(number) for number in range(12)]
    rows[7][column] = wrong(rows[7])
    (fault,) = planned(database, csv_of(rows)).faults
    assert (fault.row, fault.column) == (9, column)  # the header is row 1
    assert why in fault.why
    assert mend in fault.mend


def test_rows_are_entered_and_put_before_their_providers(database: Database, providers: dict[str, str]) -> None:
    ids = taken(database, csv_of([member(number) for number in range(20)]))
    with database.reading() as session:
        found = session.scalars(select(Application).order_by(Application.id)).all()
        assert [each.id for each in found] == ids
        assert {each.state for each in found} == {"submitted"}
        assert [each.provider_id for each in found[:2]] == [providers[name] for name in PROVIDERS]
        entry = session.scalars(select(ApplicationEntry).where(ApplicationEntry.application_id == ids[1])).one()
        assert (entry.prefix, entry.protocols, entry.ports) == (
            address(1),
            "wireguard openvpn",
            "1194 51820",
        )
        company = session.scalars(select(Registrant).where(Registrant.reference == "M-1")).one()
        assert company.contacts == [{"email": "desk@member1.example"}]


def test_one_faulty_row_keeps_every_row_out(database: Database) -> None:
    rows = [member(number) for number in range(20)]
    rows[19]["category"] = "companies"
    with pytest.raises(Refused, match="rows that cannot be taken"):
        taken(database, csv_of(rows))
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Registrant)) == 0
        last = session.scalars(select(AuditRow).order_by(AuditRow.seq.desc()).limit(1)).one()
        assert last.outcome == "refused"


def test_ndjson_says_the_same(database: Database) -> None:
    document = {"kind": "identity", "reference": "shelf=7 / 12", "sha256": "ab" * 32}
    row: dict[str, object] = {
        "registrant": "M-1",
        "kind": "individual",
        "name": "Ann",
        "category": "video-conferencing",
    }
    row |= {"provider": PROVIDERS[0], "prefixes": ["10.0.0.1", "::ffff:10.0.0.2"], "ports": [443, "1000-2000"]}
    (id_,) = taken(database, json.dumps(row | {"documents": [document]}).encode(), None)
    with database.reading() as session:
        assert session.get_one(Application, id_).documents == [document]
        prefixes = session.scalars(select(ApplicationEntry.prefix).order_by(ApplicationEntry.place))
        assert prefixes.all() == ["10.0.0.1", "10.0.0.2"]


@pytest.mark.parametrize(
    ("line", "column", "why"),
    [
        ("[]", "", "[] is no application"),
        ("{", "", "is no JSON"),
        ('{"registrant": 5}', "registrant", "5 is not text"),
        ('{"id": "5"}', "id", "is no field of an application"),
        ('{"registrant": "M", "documents": [{"kind": "identity"}]}', "documents", "is no document"),
        ('{"registrant": "M", "documents": [{"kind": [], "reference": "x", "sha256": 5}]}', "documents", "is not text"),
    ],
)
def test_lines_of_ndjson_that_are_no_applications(database: Database, line: str, column: str, why: str) -> None:
    found = faults(database, line.encode(), "application/x-ndjson")
    assert any(each[:2] == (1, column) and why in each[2] for each in found)


@pytest.mark.parametrize(
    ("header", "why"),
    [
        ("registrant,category,provider", "the column prefixes is missing"),
        ("registrant,category,provider,prefix,telephone", "telephone is no column"),
        ("registrant,category,provider,prefix,address", "a column is there twice"),
    ],
)
def test_headers_that_cannot_be_used(database: Database, header: str, why: str) -> None:
    with pytest.raises(Refused, match=why):
        planned(database, f"{header}\nM-1,company,Northern Net,10.0.0.1\n".encode())


def test_a_repeated_prefix_is_told_once_with_its_rows(database: Database) -> None:
    rows = [member(number) for number in range(6)]
    for row in rows[3:]:
        row["prefix"] = address(0)
    assert faults(database, csv_of(rows)) == [(5, "prefix", "10.0.0.0 is in row 2 already, and in 6, 7")]


def test_a_prefix_within_another_registrants_is_named(database: Database) -> None:
    rows = [member(number) for number in range(3)]
    rows[2]["prefix"] = "10.0.0.0/24"
    found = faults(database, csv_of(rows))
    assert [each[:2] for each in found] == [(2, "prefix"), (3, "prefix")]
    assert "overlaps 10.0.0.0/24 of another registrant in row 4" in found[0][2]


def test_what_the_registry_holds_is_told_by_the_holders_id(database: Database) -> None:
    taken(database, csv_of([member(0)]))
    with database.reading() as session:
        holder = session.scalars(select(Registrant.id)).one()
        application = session.scalars(select(Application)).one()
    assert faults(database, csv_of([member(1) | {"prefix": "10.0.0.0/30"}])) == []  # nobody has confirmed it
    provider = application.provider_id
    assert provider is not None
    with database.writing(Actor(provider, frozenset({"provider"}), provider=provider)) as writing:
        review.confirm(writing, application.id)
    other = member(1) | {"prefix": "10.0.0.0/30"}
    (fault,) = faults(database, csv_of([other]))
    assert fault == (2, "prefix", f"10.0.0.0/30 overlaps 10.0.0.0 of the registrant {holder}")


def test_a_known_registrant_needs_no_name_and_may_have_no_other(database: Database) -> None:
    taken(database, csv_of([member(1)]))
    again = member(2) | {"registrant": "M-1", "kind": "", "name": "", "email": ""}
    assert planned(database, csv_of([again])).counts == {
        "applications": 1,
        "registrants": 0,
        "entries": 1,
        "faults": 0,
    }
    (fault,) = faults(database, csv_of([again | {"name": "Somebody"}]))
    assert fault[:2] == (2, "name")
    (fault, _) = faults(database, csv_of([again | {"registrant": "M-9"}]))
    assert fault[1:] == ("kind", "is missing, and M-9 is no registrant yet")


def test_a_registrant_enters_no_others(database: Database) -> None:
    cast = assemble(database)
    mine, others = member(1) | {"registrant": cast.company, "kind": "", "name": "", "email": ""}, member(2)
    batch = reading.read(csv_of([mine, others]), "text/csv", database.rules)
    with database.reading() as session:
        (fault,) = intake.check(session, cast.applicant, database.rules, batch).faults
    assert (fault.row, fault.why) == (3, "M-2 is none of yours")


def test_no_row_passes_for_a_comment(database: Database) -> None:
    assert planned(database, csv_of([member(1) | {"registrant": "#1"}])).counts["applications"] == 1


@pytest.mark.parametrize("data", [b"", b" \n", b"registrant,category,provider,prefix\n"])
def test_a_file_without_rows(database: Database, data: bytes) -> None:
    with pytest.raises(Refused):
        planned(database, data)
