"""Whatever an import takes, everybody can read at every address; whatever it refuses names its row and column.

More of it: ``WICKET_EXAMPLES=1000 python -m pytest --timeout=0 tests/registry_doors/test_imports.py``.
"""

import os
import secrets
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, event, given, settings
from hypothesis import strategies as st

from control.registry.intake.text import COLUMNS
from tests.registry_doors import odd
from tests.registry_doors.house import House
from tests.registry_doors.readers import SCOPES, Readers

EXAMPLES = int(os.environ.get("WICKET_EXAMPLES", "12"))
PHASES = [Phase.explicit, Phase.generate]
"""What fails is small as it is drawn; to shrink it takes minutes, in a registry that grows meanwhile."""

MEDIA = {"csv": "text/csv", "ndjson": "application/x-ndjson"}


@pytest.fixture(scope="module")
def readers(house: House) -> Readers:
    return Readers(house)


def written(kind: str, rows: Sequence[odd.Row]) -> bytes:
    return odd.as_csv(rows) if kind == "csv" else odd.as_ndjson(rows)


def imported(readers: Readers, who: str, kind: str, data: bytes) -> dict[str, Any] | None:
    """Return the job of an import, which has ended; none: the door has refused the file itself."""
    answer = readers.ask(who, "POST", "/v1/imports", data=data, media=MEDIA[kind])
    if answer.status_code != 201:
        assert answer.get_json()["errors"], answer.text
        return None
    return readers.work(answer.get_json()["id"])


def demand_row_and_column(readers: Readers, job: dict[str, Any], rows: int) -> None:
    """Hold that every fault of a refused job says where, why, and what to do."""
    found = readers.ask("officer", "GET", f"/v1/jobs/{job['id']}/faults?limit=1000").get_json()["items"]
    assert found, job
    for fault in found:
        assert fault["why"], fault
        assert fault["mend"], fault
        if fault["row"]:
            assert 1 <= fault["row"] <= rows + 1, fault
            assert fault["column"] in ("", *COLUMNS) or not fault["column"].isidentifier(), fault
        else:
            assert fault["column"], fault


def ids_of(readers: Readers, job: dict[str, Any], references: list[str]) -> dict[str, list[str]]:
    """Take what was imported all the way, and return the ids of all of it, by parameters of the API's addresses."""
    newest = readers.ask("officer", "GET", "/v1/applications?sort=-id&limit=10").get_json()["items"]
    applications = [
        each["id"] for each in newest[: job["result"].get("applications", 0) if job["state"] == "done" else 0]
    ]
    for id_ in applications:
        readers.ask("provider", "POST", f"/v1/applications/{id_}/confirm", {})
        readers.ask("second", "POST", f"/v1/applications/{id_}/approve", {})
    registrations = readers.ask("officer", "GET", "/v1/registrations?sort=-id&limit=10").get_json()["items"]
    registrants = readers.ask("officer", "GET", "/v1/registrants?sort=-id&limit=10").get_json()["items"]
    return {
        "application_id": applications,
        "registration_id": [each["id"] for each in registrations if each["application_id"] in applications],
        "registrant_id": [each["id"] for each in registrants[: len(references)]],
        "job_id": [job["id"]],
        "provider_id": [readers.holders["provider"]],
        "person_id": [readers.holders["auditor"]],
        "token_id": [readers.house.token_id],
        "intent_id": ["int_" + "0" * 32],
    }


@pytest.mark.parametrize("kind", MEDIA)
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), phases=PHASES)
@given(data=st.data())
def test_what_an_import_takes_everybody_can_read(readers: Readers, kind: str, data: st.DataObject) -> None:
    forms = st.sampled_from(odd.FORMS)
    changes = odd.CHANGES if kind == "csv" else odd.JSON_CHANGES
    drawn = data.draw(st.lists(odd.TAKEN, min_size=1, max_size=3), "changes")
    if data.draw(st.booleans(), "refused"):
        drawn.append(data.draw(changes, "more"))
    who = data.draw(st.sampled_from(["officer", "officer", "registrant"]), "who")
    mine = readers.holders["registrant"]
    named = [mine if who == "registrant" else secrets.token_hex(8) for _ in drawn]
    rows = [
        odd.sound(name, data.draw(forms).format(readers.house.address())) | change
        for name, change in zip(named, drawn, strict=True)
    ]
    if who == "registrant":  # which is there, and need not be told again
        rows = [{**row, "kind": "", "name": "", "email": ""} for row in rows]
    text = written(kind, rows)
    job = imported(readers, who, kind, text)
    event("no file" if job is None else f"{kind} {job['state']}")
    if job is None:
        return
    if job["state"] == "refused":
        demand_row_and_column(readers, job, text.count(b"\n"))
        readers.read({"job_id": [job["id"]]}, [], under="/v1/jobs")
        return
    addresses = [readers.house.address(), "::ffff:10.0.0.1", "FD00::1"]
    answered = readers.read(ids_of(readers, job, named), addresses)
    assert all(answered[who] for who in SCOPES), answered


@pytest.mark.parametrize("kind", MEDIA)
def test_a_sound_row_is_taken_and_live_and_read_by_all(readers: Readers, kind: str) -> None:
    """And so is one whose text is as odd as a line may be: what is tested above is not all refused."""
    odd_name, reference, address = "=Ω²\U0001f600 'a', \"b\"; 1e999", secrets.token_hex(8), readers.house.address()
    row = odd.sound(reference, address, f"::ffff:{readers.house.address()}/128") | {"name": odd_name}
    job = imported(readers, "officer", kind, written(kind, [row]))
    assert job is not None
    assert job["state"] == "done", job
    ids = ids_of(readers, job, [reference])
    assert len(ids["application_id"]) == 1
    assert len(ids["registration_id"]) == 2
    (registrant,) = ids["registrant_id"]
    assert readers.ask("auditor", "GET", f"/v1/registrants/{registrant}").get_json()["name"] == odd_name
    readers.read(ids, [address])
