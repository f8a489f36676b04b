"""One registry with all its doors: import of CSV and of NDJSON, command line, API."""

import csv
import io
import itertools
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient

from api.application import create_app
from api.registry.desk import store
from control import config as configuration
from control.allowlist.csv_text import quoted
from tests.cli_registry.conftest import Wicket
from tests.registry_intake.association import SHA256

PROVIDER = "Northern Net"
CATEGORY = "video-conferencing"
"""For organisations and for individuals."""

DOCUMENTS = [{"kind": "identity", "reference": "shelf/1", "sha256": SHA256}]
CONTACT = {"contact": "name", "email": "email", "phone": "phone"}
"""Columns and options of one contact, and its members."""

Said = Mapping[str, str]
"""What is said of a registrant by column: kind, name, registrant (its reference), contact, email, phone."""

Document = Mapping[str, str]
"""What is said of a document: kind, reference, sha256."""


@dataclass(frozen=True)
class Outcome:
    """What a door made of it: the registrant's id, or what was wrong by column."""

    id: str = ""
    faults: Mapping[str, str] = field(default_factory=dict)


class House:
    """A registry on SQLite, with an officer and a provider."""

    def __init__(self, directory: Path) -> None:
        """Keep everything in a directory."""
        self.file = directory / "registry.db"
        self.wicket = Wicket(directory / "state", f"sqlite:///{self.file}")
        self.wicket("upgrade")
        self.officer = str(self.wicket("officers", "add", "Officer")["id"])
        self.provider = str(self.wicket("providers", "add", PROVIDER)["id"])
        words = ("tokens", "create", "officer's", "--scope", "officer", "--holder", self.officer)
        made = self.wicket(*words)
        self._token, self.token_id = made["token"], str(made["id"])
        self.client = self._serve(directory)
        self.registrant = str(self.ask("POST", "/v1/registrants", {"kind": "organisation", "name": "Any"}, 201)["id"])
        self._numbers = itertools.count(1)

    def _serve(self, directory: Path) -> FlaskClient:
        file = directory / "api.toml"
        file.write_text(
            f'state = "{directory}/state"\nrun = "{directory}/run"\n[api]\ngateway = false\n'
            f'[registry]\nenabled = true\nurl = "sqlite:///{self.file}"\nallow_private = true\n'
            "token_rate = 1000000\naddress_rate = 1000000\n"
        )
        return create_app(configuration.load(file)).test_client()

    def close(self) -> None:
        """Close the application's database."""
        self.client.application.extensions[store.EXTENSION].close()

    def ask(self, method: str, path: str, body: Any = None, status: int | None = None) -> Any:
        """Ask the API as the officer; None is any status."""
        headers = {"Authorization": f"Bearer {self._token}", "Idempotency-Key": secrets.token_hex(8), "If-Match": "*"}
        media = "application/merge-patch+json" if method == "PATCH" else "application/json"
        data = None if body is None else json.dumps(body)
        answer = self.client.open(path, method=method, headers=headers, data=data, content_type=media)
        assert status in (None, answer.status_code), answer.text
        assert answer.status_code < 500, answer.text
        return answer.get_json()

    def walk(self, path: str) -> list[dict[str, Any]]:
        """Return all objects of a list of the API."""
        items, cursor = [], ""
        while cursor is not None:
            page = self.ask("GET", f"{path}?limit=200{cursor and f'&cursor={cursor}'}", status=200)
            items += page["items"]
            cursor = page["next"]
        return items

    def address(self) -> str:
        """Return an address that no one has asked for."""
        number = next(self._numbers)
        return f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"

    def exported(self, kind: str, of: str = "applications") -> list[dict[str, Any]]:
        """Return the rows of an export."""
        text = self.wicket.run("export", of, "--format", kind).stdout
        if kind == "csv":
            rows = csv.DictReader(io.StringIO(text, newline=""))
            return [{name: _shown(cell) for name, cell in row.items()} for row in rows]
        return [json.loads(line) for line in text.split("\n") if line]

    def by_csv(self, said: Said) -> Outcome:
        """Import a registrant with an application, as CSV."""
        row = self._row(said) | {"documents": ";".join("=".join(each.values()) for each in DOCUMENTS)}
        text = io.StringIO()
        writer = csv.DictWriter(text, list(row), lineterminator="\n", quoting=csv.QUOTE_ALL)
        writer.writeheader()
        writer.writerow({column: quoted(cell) for column, cell in row.items()})  # as whoever means a leading quote
        return self._imported("csv", text.getvalue(), said)

    def by_ndjson(self, said: Said) -> Outcome:
        """Import a registrant with an application, as NDJSON."""
        return self._imported("ndjson", json.dumps(self._row(said) | {"documents": DOCUMENTS}), said)

    def by_cli(self, said: Said) -> Outcome:
        """Enter a registrant on the command line, and an application."""
        options = [f"--{name}={said[name]}" for name in CONTACT if name in said] + [f"--reference={said['registrant']}"]
        done = self.wicket.run(
            "registrants", "add", *options, "--json", "--", said["kind"], said["name"], who=self.officer
        )
        if done.exit_code:
            faults = json.loads(done.stderr)["faults"]
            return Outcome(faults={_column(each["where"].removeprefix("--")): each["why"] for each in faults})
        id_ = json.loads(done.stdout)["id"]
        papers = [word for each in DOCUMENTS for word in ("--document", *each.values())]
        words = ("applications", "add", id_, CATEGORY, self.address(), "--provider", self.provider, *papers)
        self.wicket(*words, who=self.officer)
        return Outcome(id_)

    def by_api(self, said: Said) -> Outcome:
        """Enter a registrant by the API, and an application."""
        contact = {member: said[name] for name, member in CONTACT.items() if name in said}
        body = {"kind": said["kind"], "name": said["name"], "reference": said["registrant"]}
        answer = self.ask("POST", "/v1/registrants", body | ({"contacts": [contact]} if contact else {}))
        if "errors" in answer:
            return Outcome(faults={_column(each["where"]): each["why"] for each in answer["errors"]})
        application = {"registrant_id": answer["id"], "provider_id": self.provider, "category": CATEGORY}
        body = application | {"documents": DOCUMENTS, "entries": [self.address()]}
        self.ask("POST", "/v1/applications", body, status=201)
        return Outcome(answer["id"])

    def apply_by_ndjson(self, document: Document) -> str:
        """Import an application with a document; return why first it is refused, if it is."""
        row = self._row({"registrant": self.registrant}) | {"documents": [document]}
        done = self.wicket.run("import", "-", "--json", who=self.officer, data=json.dumps(row).encode())
        return _first(json.loads(done.stdout)["faults"])

    def apply_by_cli(self, document: Document) -> str:
        """Enter an application with a document on the command line."""
        words = ("applications", "add", self.registrant, CATEGORY, self.address(), "--document", *document.values())
        done = self.wicket.run(*words, "--json", who=self.officer)
        return _first(json.loads(done.stderr)["faults"]) if done.exit_code else ""

    def apply_by_api(self, document: Document) -> str:
        """Enter an application with a document by the API."""
        body = {"registrant_id": self.registrant, "category": CATEGORY, "documents": [document]}
        answer = self.ask("POST", "/v1/applications", body)
        return _first(answer.get("errors", []))

    def _row(self, said: Said) -> dict[str, Any]:
        return {**said, "category": CATEGORY, "provider": PROVIDER, "prefixes": self.address()}

    def _imported(self, kind: str, text: str, said: Said) -> Outcome:
        done = self.wicket.run("import", "-", "--format", kind, "--json", who=self.officer, data=text.encode())
        job = json.loads(done.stdout)
        if job["state"] != "done":
            return Outcome(faults={each["column"]: each["why"] for each in job["faults"]})
        (id_,) = (
            row["id"] for row in self.walk("/v1/registrants") if row["reference"] == said["registrant"].strip(" ")
        )
        return Outcome(id_)


def _shown(cell: str) -> str:
    """Return a cell as a spreadsheet shows it: the quote before what it would else run is no part of it."""
    return cell[1:] if cell.startswith("'") and cell.lstrip("'").startswith(("=", "+", "-", "@")) else cell


def _first(faults: list[dict[str, str]]) -> str:
    """Return why, of the first fault: an import tells one of each column."""
    return faults[0]["why"] if faults else ""


def _column(where: str) -> str:
    """Return the column of a place in a body, or of an option."""
    member = where.rpartition(".")[2]
    if where.startswith("contacts"):
        return next(column for column, name in CONTACT.items() if name == member)
    return "registrant" if member == "reference" else member


DOORS: Mapping[str, Callable[[House, Said], Outcome]] = {
    "csv": House.by_csv,
    "ndjson": House.by_ndjson,
    "cli": House.by_cli,
    "api": House.by_api,
}
PAPERS: Mapping[str, Callable[[House, Document], str]] = {
    "ndjson": House.apply_by_ndjson,
    "cli": House.apply_by_cli,
    "api": House.apply_by_api,
}
