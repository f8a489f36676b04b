"""Intake and export over HTTP: a dry run, the same file mended, and what comes out again."""

import csv
import io

from control.registry.intake.text import COLUMNS
from tests.api_registry.world import World


def rows(world: World, good: int, bad: int) -> bytes:
    """Return a CSV of applications of the first side, some of whose addresses are none."""
    side, file = world.sides[0], io.StringIO()
    writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for number in range(good + bad):
        values = {
            "registrant": side.registrant_id,
            "category": "company",
            "provider": side.provider_id,
            "prefixes": world.address() if number >= bad else "10.0.0.999",
        }
        writer.writerow({name: value for name, value in values.items() if name in COLUMNS})
    return file.getvalue().encode()


def send(world: World, data: bytes, dry_run: bool) -> str:
    path = f"/v1/imports?dry_run={str(dry_run).lower()}"
    answer = world.ask("POST", path, data, Content_Type="text/csv")
    assert answer.status == 201, answer.body
    assert answer.headers["location"] == f"/v1/jobs/{answer.json['id']}"
    return str(answer.json["id"])


def test_a_dry_run_names_every_fault(world: World) -> None:
    id_ = send(world, rows(world, 3, 2), dry_run=True)
    job = world.ended(id_)
    assert (job["kind"], job["owner"]) == ("import", world.ids["first_officer_id"])
    found = world.ask("GET", f"/v1/jobs/{id_}/faults").json
    assert {each["row"] for each in found["items"] if "10.0.0.999" in each["why"]} == {2, 3}
    page = world.ask("GET", f"/v1/jobs/{id_}/faults?limit=1").json
    assert page["items"] == found["items"][:1]
    rest = world.ask("GET", f"/v1/jobs/{id_}/faults?cursor={page['next']}").json
    assert rest["items"] == found["items"][1:]


def test_an_export_is_a_file(world: World) -> None:
    side = world.sides[1]
    answer = world.ask("GET", f"/v1/jobs/{side.jobs['registrant']}/result")
    assert answer.headers["content-type"].startswith("text/csv")
    found = list(csv.DictReader(io.StringIO(answer.body.decode())))
    assert [each["id"] for each in found] == [side.registration_id]


def test_an_import_has_no_file(world: World) -> None:
    id_ = send(world, rows(world, 1, 1), dry_run=True)
    assert world.ask("GET", f"/v1/jobs/{id_}/result").kind == "conflict"


def test_other_files_are_refused(world: World) -> None:
    assert world.ask("POST", "/v1/imports", b"x", Content_Type="text/plain").kind == "unsupported-media-type"
