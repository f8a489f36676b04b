"""`wicket registry`, command by command."""

import json
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from control.registry.access.actor import Actor
from control.registry.publication import edges, serials
from control.registry.store.database import Database
from tests.cli_registry.conftest import Wicket
from tests.registry_intake.association import PROVIDERS, SHA256, address, csv_of, member


@pytest.fixture
def officers(wicket: Wicket) -> tuple[str, str]:
    """Two officers; the members' providers are there too."""
    for name in PROVIDERS:
        wicket("providers", "add", name, "--email", "noc@net.example")
    first, second = (wicket("officers", "add", name)["id"] for name in ("First", "Second"))
    return first, second


def imported(wicket: Wicket, officer: str, count: int = 4) -> None:
    wicket("import", "-", who=officer, data=csv_of([member(number) for number in range(count)]))


def test_one_application_from_draft_to_revocation(wicket: Wicket, officers: tuple[str, str]) -> None:
    first, second = officers
    company = wicket("registrants", "add", "organisation", "Company", "--email", "a@b.example", who=first)["id"]
    provider = wicket("providers", "list")[0]["id"]
    papers = [word for kind in ("identity", "incorporation") for word in ("--document", kind, "shelf/1", SHA256)]
    words = ("applications", "add", company, "company", "10.0.0.1", "10.1.0.0/24")
    application = wicket(*words, "--provider", provider, "--port", "51820", *papers, who=company)["id"]
    shown = wicket("applications", "show", application)
    terms = {"protocols": [], "ports": ["51820"]}
    assert shown["entries"] == [{"prefix": "10.0.0.1"} | terms, {"prefix": "10.1.0.0/24"} | terms]
    assert "10.1.0.0/24 51820" in wicket.run("applications", "show", application).stdout
    assert "submit" in shown["steps"]
    wicket("applications", "submit", application, who=company)
    wicket("applications", "return", application, "which office?", who=first)
    wicket("applications", "submit", application, who=company)
    wicket("applications", "confirm", application, who=PROVIDERS[0])
    assert wicket("applications", "approve", application, who="First") == {"applications": 1, "live_serial": 1}
    registrations = [each["id"] for each in wicket("registrations", "list", "--registrant", company)]
    intent = wicket("intents", "propose", "revoke", registrations[0], "--reason", "not theirs", who=first)
    assert (intent["live"], intent["registrants"]) == (1, 1)
    assert wicket("intents", "confirm", intent["id"], "--live", "1", who=first, status=1)["kind"] == "forbidden"
    assert wicket("intents", "confirm", intent["id"], "--live", "1", who=second)["serial"] == 2
    assert wicket("registrations", "live")["count"] == 1
    assert wicket("registrations", "show", registrations[0])["state"] == "revoked"
    assert wicket("registrations", "renew", registrations[1], who=company)["state"] == "active"


def test_an_illegal_step_names_the_legal_ones(wicket: Wicket, officers: tuple[str, str]) -> None:
    imported(wicket, officers[0], 1)
    (application,) = wicket("applications", "list", "--state", "submitted")
    refused = wicket("applications", "approve", application["id"], who="Second", status=1)
    assert refused["kind"] == "conflict"
    assert "legal steps are confirm" in refused["faults"][0]["mend"]


def test_an_operator_decides_nothing(wicket: Wicket, officers: tuple[str, str]) -> None:
    imported(wicket, officers[0], 1)
    (application,) = wicket("applications", "list")
    assert wicket("applications", "approve", application["id"], status=1)["kind"] == "forbidden"
    assert wicket("import", "-", data=csv_of([member(9)]), status=1)["kind"] == "forbidden"
    assert wicket("applications", "list", who="Nobody", status=1)["kind"] == "not-found"


def test_a_provider_sees_its_own_queue(wicket: Wicket, officers: tuple[str, str]) -> None:
    imported(wicket, officers[0])
    assert len(wicket("applications", "list")) == 4
    assert len(wicket("applications", "list", who=PROVIDERS[0])) == 2
    assert wicket("registrations", "list", who=PROVIDERS[0], status=1)["kind"] == "forbidden"


def test_the_audit_tells_who_sat_at_the_machine(wicket: Wicket, officers: tuple[str, str]) -> None:
    imported(wicket, officers[0], 1)
    rows = wicket("audit", "list", "--action", "import.order", "--limit", "1000")
    assert rows == []
    (ordered,) = wicket("audit", "list", "--action", "job.order")
    assert ordered["actor"] == officers[0]
    assert ordered["request_id"].startswith("wicket ")


def test_a_token_is_shown_once(wicket: Wicket, officers: tuple[str, str]) -> None:
    made = wicket("tokens", "create", "for the officer", "--scope", "officer", "--holder", officers[0])
    assert made["token"].startswith("wkt_")
    (listed,) = wicket("tokens", "list", "--holder", officers[0])
    assert listed["makers"][-1] == "operator"
    assert "token" not in listed
    assert "digest" not in listed
    assert wicket("tokens", "revoke", made["id"])["revoked_at"]


def test_faults_are_listed_for_people(wicket: Wicket, officers: tuple[str, str]) -> None:
    rows = [member(number) for number in range(4)]
    rows[2]["ports"] = "70000"
    done = wicket.run("import", "-", who="First", data=csv_of(rows))
    assert done.exit_code == 1
    text = done.stdout
    assert "refused" in text
    assert "70000 is not within 1 to 65535" in text
    (job,) = wicket("jobs", "list")
    (fault,) = wicket("jobs", "faults", job["id"])
    assert (fault["row"], fault["column"]) == (4, "ports")
    assert wicket("jobs", "show", job["id"])["state"] == "refused"
    assert wicket("jobs", "work") == []


@pytest.mark.parametrize("kind", ["csv", "ndjson"])
def test_export(wicket: Wicket, officers: tuple[str, str], tmp_path: Path, kind: str) -> None:
    imported(wicket, officers[0])
    wicket.run("export", "applications", "--format", kind, "--output", str(tmp_path / "out"))
    lines = (tmp_path / "out").read_text().splitlines()
    assert len(lines) == 4 + (kind == "csv")
    assert len(wicket.run("export", "applications", "--json").stdout.splitlines()) == 4


def test_backup_and_restore(
    wicket: Wicket, officers: tuple[str, str], new_url: Callable[[], str], tmp_path: Path
) -> None:
    imported(wicket, officers[0])
    rows = wicket("backup", str(tmp_path / "backup"))["rows"]
    other = Wicket(tmp_path / "other", new_url())
    restored = other("restore", str(tmp_path / "backup"), "--yes")
    assert restored["foretold"]["rows"] == rows
    assert restored["audit_hash"] == wicket("audit", "head")["hash"]
    assert other("audit", "verify")["whole"]
    assert other("applications", "list") == wicket("applications", "list")
    assert other("backup", str(tmp_path / "again"))["rows"] == rows + 5  # the audit of the restoring, and its head
    assert other("restore", str(tmp_path / "backup"), "--yes", status=1)["kind"] == "conflict"


def test_an_anchored_head_is_held_against_the_audit(wicket: Wicket, officers: tuple[str, str], tmp_path: Path) -> None:
    anchored = wicket("audit", "anchor")
    assert wicket("audit", "verify")["whole"]
    file = Path(anchored["file"])
    head = wicket.run("audit", "heads").stdout
    assert json.loads(head)["number"] == 1
    file.write_text(head.replace(anchored["hash"], "00" * 32))
    found = wicket("audit", "verify", status=1)
    assert found["findings"] == [
        {"where": f"head 1 of {file.name}", "what": "altered: its signature is not that of the registry's key"}
    ]
    other = tmp_path / "kept"
    other.write_text(head)
    assert wicket("audit", "verify", "--anchors", str(tmp_path), "--heads", str(other))["whole"]
    assert "is not known" in wicket.run("audit", "verify", "--edge", "south").stderr


@pytest.mark.parametrize(
    ("tampering", "seq", "what"),
    [
        ("UPDATE audit SET actor = 'x' WHERE seq = 2", 2, "altered"),
        ("DELETE FROM audit WHERE seq = 2", 2, "removed"),
        ("UPDATE audit SET seq = -2 WHERE seq = 2; UPDATE audit SET seq = 2 WHERE seq = 3;"
         "UPDATE audit SET seq = 3 WHERE seq = -2", 2, "altered"),
    ],
)  # fmt: skip
def test_audit_verify_names_what_was_tampered_with(tmp_path: Path, tampering: str, seq: int, what: str) -> None:
    wicket = Wicket(tmp_path / "state", f"sqlite:///{tmp_path}/registry.db")
    wicket("upgrade")
    for number in range(4):
        wicket("officers", "add", f"Officer {number}")
    with sqlite3.connect(tmp_path / "registry.db") as database:
        for (trigger,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            database.execute(f"DROP TRIGGER {trigger}")
        database.executescript(tampering)
    database.close()
    first = wicket("audit", "verify", status=1)["findings"][0]
    assert (first["where"], first["what"].split(":")[0]) == (f"row {seq}", what)


def test_an_object_as_it_was(wicket: Wicket, officers: tuple[str, str]) -> None:
    assert wicket("audit", "at", officers[0], "2099-01-01T00:00+00:00")["name"] == "First"
    assert wicket("audit", "at", officers[0], "2000-01-01T00:00+00:00") == {}


def test_whether_an_edge_had_an_address_let_through_at_a_time(wicket: Wicket, officers: tuple[str, str]) -> None:
    imported(wicket, officers[0])
    for name in PROVIDERS:
        wicket("applications", "confirm", "--all", who=name)
    wicket("applications", "approve", "--all", who=officers[1])
    database = Database(wicket.url)
    noon = datetime(2026, 11, 24, 12, tzinfo=UTC)
    with database.reading() as session:
        epoch = serials.head(session).epoch
    with database.writing(Actor("edge north")) as writing:
        edges.acknowledge(writing, "north", epoch, [(1, noon)])
    database.close()
    asked = ("audit", "standing", "north", address(0))
    before, after = (wicket(*asked, f"2026-11-24T{hour}:00+00:00") for hour in ("11", "13"))
    assert (before["allowed"], before["serial"]) == (False, None)
    assert (after["allowed"], after["serial"], len(after["registrations"])) == (True, 1, 1)
    assert not wicket("audit", "standing", "north", "203.0.113.9", "2026-11-24T13:00+00:00")["allowed"]
    assert "is not known" in wicket.run("audit", "standing", "south", address(0), "2026-11-24T13:00+00:00").output
    assert "is no address" in wicket.run("audit", "standing", "north", "nowhere", "2026-11-24T13:00+00:00").output


def test_categories_are_shown(wicket: Wicket) -> None:
    assert "company" in {each["name"] for each in wicket("categories")}
    assert "freelancer" in wicket.run("categories").stdout


def test_the_dates_are_attended_to(wicket: Wicket) -> None:
    nothing = dict.fromkeys(("warned", "held", "proposed", "expired"), 0)
    assert wicket("registrations", "tick") == nothing | {"intents": [], "doubts": []}
    assert wicket("intents", "list") == []
    assert wicket("status")["warnings"] == []


def test_an_intent_is_shown_with_who_would_lose_what_and_undone(wicket: Wicket, officers: tuple[str, str]) -> None:
    first, second = officers
    imported(wicket, first)
    for name in PROVIDERS:
        wicket("applications", "confirm", "--all", who=name)
    wicket("applications", "approve", "--all", who=second)
    ids = [each["id"] for each in wicket("registrations", "list")]
    intent = wicket("intents", "propose", "revoke", *ids, "--reason", "by a slip", who=first)["id"]
    shown = wicket("intents", "show", intent)
    assert (shown["in_use"], len(shown["items"]), shown["items"][0]["traffic"]) == (0, 4, [])
    assert shown["items"][0]["prefix"] in wicket.run("intents", "show", intent).stdout
    wicket("intents", "confirm", intent, "--live", "4", who=second)
    assert wicket("intents", "undo", intent, who=first)["back"] == 4
    assert wicket("registrations", "live")["count"] == 4
    assert wicket("registrations", "renew", "--all", who=first) == {"registrations": 0, "live_serial": None}
    assert wicket("registrations", "renew", *ids, who=first)["registrations"] == 4
    assert "give one of the two" in wicket.run("registrations", "resume", who=first).output


def test_edges_are_listed_and_retired(wicket: Wicket) -> None:
    database = Database(wicket.url)
    with database.writing(Actor("edge north")) as writing:
        edges.acknowledge(writing, "north", serials.head(writing.session).epoch, [(0, datetime.now(UTC))])
    database.close()
    (edge,) = wicket("edges", "list")
    assert (edge["name"], edge["serial"], edge["reported_at"]) == ("north", 0, None)
    assert wicket("edges", "retire", edge["id"])["retired_at"]
    assert "north" in wicket.run("edges", "list").stdout
