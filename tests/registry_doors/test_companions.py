"""Every door of the registry takes whole VPNs, shows them whole, and refuses what would break itself."""

import csv
import io
import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from tests.companions import REFUSED, TAKEN, Said
from tests.registry_doors.house import CATEGORY, DOCUMENTS, PROVIDER, House
from tests.registry_intake.association import SHA256

Terms = Mapping[str, list[Any]]
Fault = tuple[str, str]


def terms_of(said: Said) -> Terms:
    return {name: list(each) for name, each in zip(("protocols", "ports"), said, strict=True) if each}


def _faults(faults: list[dict[str, Any]]) -> list[Fault]:
    assert all((each.get("column") or each["where"].rpartition(".")[2]) == "ports" for each in faults), faults
    return [(each["why"], each["mend"]) for each in faults]


def _application(house: House, prefix: str, terms: Terms) -> dict[str, Any]:
    entries = [{"prefix": prefix, **terms}]
    return {"registrant_id": house.registrant, "category": CATEGORY, "entries": entries}


def by_api(house: House, prefix: str, terms: Terms) -> list[Fault]:
    return _faults(house.ask("POST", "/v1/applications", _application(house, prefix, terms)).get("errors", []))


def by_correction(house: House, prefix: str, terms: Terms) -> list[Fault]:
    made = house.ask("POST", "/v1/applications", _application(house, house.address(), {}), 201)
    corrected = {"entries": [{"prefix": prefix, **terms}]}
    return _faults(house.ask("PATCH", f"/v1/applications/{made['id']}", corrected).get("errors", []))


def by_cli(house: House, prefix: str, terms: Terms) -> list[Fault]:
    options = [f"--{name[:-1]}={each}" for name, several in terms.items() for each in several]
    words = ("applications", "add", house.registrant, CATEGORY, prefix, *options, "--json")
    done = house.wicket.run(*words, who=house.officer)
    return _faults(json.loads(done.stderr)["faults"]) if done.exit_code else []


def _imported(house: House, kind: str, text: str) -> list[Fault]:
    done = house.wicket.run("import", "-", "--format", kind, "--json", who=house.officer, data=text.encode())
    return _faults(json.loads(done.stdout)["faults"])


def _row(house: House, prefix: str) -> dict[str, Any]:
    return {"registrant": house.registrant, "category": CATEGORY, "provider": PROVIDER, "prefixes": prefix}


def by_csv(house: House, prefix: str, terms: Terms) -> list[Fault]:
    row = _row(house, prefix) | {name: " ".join(map(str, several)) for name, several in terms.items()}
    row["documents"] = f"identity=shelf/1={SHA256}"
    text = io.StringIO()
    writer = csv.DictWriter(text, list(row), lineterminator="\n")
    writer.writeheader()
    writer.writerow(row)
    return _imported(house, "csv", text.getvalue())


def by_ndjson(house: House, prefix: str, terms: Terms) -> list[Fault]:
    return _imported(house, "ndjson", json.dumps(_row(house, prefix) | {"documents": DOCUMENTS, **terms}))


DOORS: dict[str, Callable[[House, str, Terms], list[Fault]]] = {
    "api": by_api,
    "correction": by_correction,
    "cli": by_cli,
    "csv": by_csv,
    "ndjson": by_ndjson,
}


@pytest.mark.parametrize("door", DOORS)
def test_what_a_door_takes_is_shown_whole(house: House, door: str) -> None:
    asked = {house.address(): (terms_of(said), terms_of(whole)) for said, whole in TAKEN}
    for prefix, (terms, _) in asked.items():
        assert DOORS[door](house, prefix, terms) == [], terms
    listed = [entry for row in house.walk("/v1/applications") for entry in row["entries"]]
    told = [entry for row in house.wicket("applications", "list", "--limit", "100000") for entry in row["entries"]]
    assert listed == told
    shown = {entry["prefix"]: entry for entry in listed}
    exported = {row["prefixes"]: row for row in house.exported("csv")}
    for prefix, (_, whole) in asked.items():
        protocols, ports = whole.get("protocols", []), list(map(str, whole.get("ports", [])))
        assert shown[prefix] == {"prefix": prefix, "protocols": protocols, "ports": ports}
        assert exported[prefix]["protocols"].replace(";", " ").split() == protocols
        assert exported[prefix]["ports"].replace(";", " ").split() == ports


@pytest.mark.parametrize("door", DOORS)
def test_what_would_break_itself_is_refused_with_the_mend(house: House, door: str) -> None:
    told = [DOORS[door](house, house.address(), terms_of(said)) for said, _, _ in REFUSED]
    assert told == [[(why, mend)] for _, why, mend in REFUSED]
