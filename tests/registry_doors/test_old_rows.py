"""Rows that an older version took and today's rules would refuse: every list shows them, and they can be worked on."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from ipaddress import ip_network
from typing import Any

import pytest

from control.registry.access.actor import Actor
from control.registry.space import addresses
from control.registry.store.database import Database
from control.registry.store.ids import new_id
from control.registry.store.model import Application, ApplicationEntry, Person, Provider, Registrant, Registration
from tests.registry_doors.house import House

NOW = datetime(2026, 1, 1, tzinfo=UTC)
MADE = {"created_at": NOW, "changed_at": NOW}
CONTACTS: list[list[Any]] = [
    [{"phone": "ask for Bob"}],
    [{"phone": "+7 495 1234567"}],
    [{"email": "desk at example", "name": " "}],
    [{}],
    [{"name": "N" * 1000, "fax": "12"}],
    [{"name": "Bell\x07 and \udcff"}],
    ["Bob"],
    [{"name": f"number {number}"} for number in range(30)],
]
DOCUMENTS: list[list[dict[str, str]]] = [
    [{"kind": "identity", "reference": " ", "sha256": "ab" * 32}],
    [{"kind": "gone", "reference": "x" * 500, "sha256": "short"}],
    [{"kind": "identity"}],
]


@pytest.fixture(scope="module")
def rows(house: House) -> Iterator[dict[str, list[str]]]:
    """Ids of odd rows, by table."""
    database = Database(house.wicket.url)
    with database.writing(Actor("older version")) as writing:
        registrants = [
            Registrant(id=new_id("reg"), kind="firm", name="A" * 1000, reference=f" {place}", contacts=each, **MADE)
            for place, each in enumerate(CONTACTS)
        ]
        providers = [
            Provider(id=new_id("prv"), name=f"{place}\x1b", contacts=each, **MADE)
            for place, each in enumerate(CONTACTS)
        ]
        officers = [Person(id=new_id("off"), name=" ", roles=["officer", "king"], **MADE)]
        writing.session.add_all([*registrants, *providers, *officers])
        writing.session.flush()
        applications = [_application(registrants[0], providers[0], each) for each in DOCUMENTS]
        writing.session.add_all(applications)
        writing.session.flush()
        for place, application in enumerate(applications):
            columns = _columns(place)
            writing.session.add(ApplicationEntry(application_id=application.id, place=0, **columns))
        registration = Registration(
            id=new_id("rgn"),
            application_id=applications[0].id,
            registrant_id=registrants[0].id,
            category="gone",
            valid_from=NOW,
            valid_until=NOW,
            state="active",
            reason="",
            live_serial=1,
            **MADE,
            **_columns(99),
        )
        writing.session.add(registration)
        made: dict[str, Sequence[Any]] = {
            "registrants": registrants,
            "providers": providers,
            "officers": officers,
            "persons": officers,
            "applications": applications,
            "registrations": [registration],
        }
        ids = {table: [row.id for row in objects] for table, objects in made.items()}
    yield ids
    database.close()


def _application(registrant: Registrant, provider: Provider, documents: list[dict[str, str]]) -> Application:
    return Application(
        id=new_id("app"),
        registrant_id=registrant.id,
        provider_id=provider.id,
        category="gone\x07",
        documents=documents,
        state="submitted",
        reason="",
        submitted_at=NOW,
        **MADE,
    )


def _columns(number: int) -> dict[str, Any]:
    """Return an entry on terms that no reader takes today."""
    first, length = addresses.key(ip_network(f"10.255.0.{number}"))
    return {"first": first, "length": length, "prefix": "10.0.0.0", "protocols": "carrier-pigeon", "ports": "0-0"}


WHOLE = ("providers", "officers", "persons")
"""Lists of the command line that are always whole, of which it shows no single row."""

TABLES = ("registrants", "providers", "officers", "persons", "applications", "registrations")


@pytest.mark.parametrize("table", TABLES)
def test_every_list_shows_what_is_stored(house: House, rows: dict[str, list[str]], table: str) -> None:
    limit = () if table in WHOLE else ("--limit", "100000")
    api, cli = house.walk(f"/v1/{table}"), house.wicket(table, "list", *limit)
    assert api == cli
    assert set(rows[table]) <= {row["id"] for row in api}
    table_of = house.wicket.run(table, "list", *limit)
    assert table_of.exit_code == 0
    assert not set("\x07\x1b\udcff") & set(table_of.stdout)
    for id_ in rows[table]:
        (listed,) = (row for row in api if row["id"] == id_)
        shown = house.ask("GET", f"/v1/{table}/{id_}", status=200)
        assert {name: shown[name] for name in listed} == listed
        if table not in WHOLE:
            seen = house.wicket(table, "show", id_)
            assert {name: seen[name] for name in listed} == listed


RECORDS = {
    "registrants": "RegistrantRecord",
    "providers": "ProviderRecord",
    "officers": "PersonRecord",
    "persons": "PersonRecord",
    "applications": "ApplicationRecord",
    "registrations": "RegistrationRecord",
}


@pytest.mark.usefixtures("rows")
@pytest.mark.parametrize("table", TABLES)
def test_an_answer_has_the_members_that_the_document_describes(house: House, table: str) -> None:
    schema = house.ask("GET", "/openapi.json")["components"]["schemas"][RECORDS[table]]
    members = {frozenset(row) for row in house.walk(f"/v1/{table}")}
    assert members == {frozenset(schema["properties"])} == {frozenset(schema["required"])}


def test_contacts_and_documents_are_shown_as_they_are(house: House, rows: dict[str, list[str]]) -> None:
    empty = {"name": None, "email": None, "phone": None}
    for table in ("registrants", "providers"):
        by_id = {row["id"]: row["contacts"] for row in house.walk(f"/v1/{table}")}
        for id_, stored in zip(rows[table], CONTACTS, strict=True):
            assert by_id[id_] == [empty | (each if isinstance(each, dict) else {"name": each}) for each in stored]
    by_id = {row["id"]: (row["documents"], row["entries"]) for row in house.walk("/v1/applications")}
    entries = [{"prefix": "10.0.0.0", "protocols": ["carrier-pigeon"], "ports": ["0"]}]
    assert [by_id[id_] for id_ in rows["applications"]] == [(each, entries) for each in DOCUMENTS]


@pytest.mark.parametrize("of", ["applications", "registrations"])
@pytest.mark.parametrize("kind", ["csv", "ndjson"])
def test_every_export_has_them(house: House, rows: dict[str, list[str]], of: str, kind: str) -> None:
    exported = {row["id"]: row for row in house.exported(kind, of)}
    assert set(rows[of]) <= set(exported)
    assert {exported[id_]["name"] for id_ in rows[of]} == {"A" * 1000}


def test_a_providers_queue_has_them(house: House, rows: dict[str, list[str]]) -> None:
    queue = house.ask("GET", f"/v1/providers/{rows['providers'][0]}/queue", status=200)
    assert {row["id"] for row in queue["items"]} == set(rows["applications"])


def test_what_is_right_can_be_changed_beside_what_is_not(house: House, rows: dict[str, list[str]]) -> None:
    for id_, stored in zip(rows["registrants"], CONTACTS, strict=True):
        changed = house.ask("PATCH", f"/v1/registrants/{id_}", {"name": "Mended"}, status=200)
        assert len(changed["contacts"]) == len(stored)
        assert house.wicket("registrants", "edit", id_, "--name", "Again", who=house.officer)["name"] == "Again"
    mended = house.ask("PATCH", f"/v1/registrants/{id_}", {"contacts": [{"email": "a@b.example"}]}, status=200)
    assert mended["contacts"] == [{"name": None, "email": "a@b.example", "phone": None}]


def test_such_applications_can_be_returned_and_corrected(house: House, rows: dict[str, list[str]]) -> None:
    reason = {"reason": "which office?"}
    for id_, stored in zip(rows["applications"], DOCUMENTS, strict=True):
        house.ask("POST", f"/v1/applications/{id_}/return", reason, status=200)
        corrected = house.ask("PATCH", f"/v1/applications/{id_}", {"category": "company"}, status=200)
        assert (corrected["category"], corrected["documents"]) == ("company", stored)
