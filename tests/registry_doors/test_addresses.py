"""A question about an address has the same answer, in whatever form the address is written."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

import pytest

from control.registry.publication import edges
from tests.registry.cast import OPERATOR
from tests.registry_doors.house import House
from tests.registry_doors.readers import Readers

PREFIXES: Mapping[str, Sequence[str]] = {
    "10.7.0.0/24": ("10.7.0.0/24", "10.7.0.7/24", " 10.7.0.0/24 ", "::ffff:10.7.0.0/120", "::FFFF:0A07:0003/120"),
    "10.7.1.1": ("10.7.1.1", "10.7.1.1/32", "::ffff:10.7.1.1", "::ffff:0a07:0101/128"),
    "fd00:ab::/64": ("fd00:ab::/64", "FD00:AB::/64", "fd00:00ab:0:0::1/64", "fd00:ab:0::/64"),
}
ADDRESSES = {text: [form for form in forms if "/" not in form] for text, forms in PREFIXES.items() if "/" not in text}
NONE = ("10.7.0", "010.7.0.0/24", "10.7.0.0/33", "fd00::1%eth0", "::/0", "", "x" * 200, "10.7.0.0/-1")

PARAMETERS: Mapping[tuple[str, str], tuple[str, Mapping[str, Sequence[str]]]] = {
    ("/v1/registrations", "prefix"): ("", PREFIXES),
    ("/v1/check", "address"): ("", ADDRESSES),
    ("/v1/audit/listed", "address"): ("&at=2026-01-01T00:00:00Z", ADDRESSES),
}
"""Every parameter that takes one, what has to be said with it, and in which forms."""


@pytest.fixture(scope="module")
def live(house: House) -> list[str]:
    """The prefixes, live."""
    readers = Readers(house)
    application = {"registrant_id": house.registrant, "provider_id": house.provider, "category": "company"}
    papers = [{"kind": kind, "reference": "x", "sha256": "ab" * 32} for kind in ("identity", "incorporation")]
    body = application | {"entries": list(PREFIXES), "documents": papers}
    path = f"/v1/applications/{house.ask('POST', '/v1/applications', body, 201)['id']}"
    for who, step in (("registrant", "submit"), ("provider", "confirm"), ("officer", "approve")):
        answer = readers.ask(who, "POST", f"{path}/{step}", {})
        assert answer.status_code == 200, answer.text
    return list(PREFIXES)


def test_every_parameter_that_takes_an_address_is_known(house: House) -> None:
    document = house.client.get("/openapi.json").get_json()
    found = {
        (path, parameter["name"])
        for path, item in document["paths"].items()
        for operation in item.values()
        for parameter in operation.get("parameters", [])
        if {"prefix", "address"} & set(parameter["name"].split("_"))
    }
    assert found == set(PARAMETERS)


@pytest.mark.parametrize("parameter", PARAMETERS, ids=" ".join)
def test_a_question_has_one_answer_in_every_form(house: House, live: list[str], parameter: tuple[str, str]) -> None:
    path, name = parameter
    more, forms = PARAMETERS[parameter]
    for canonical, written in forms.items():
        assert canonical in live
        answers = [_answer(house, f"{path}?{name}={quote(form)}{more}", name) for form in written]
        assert answers == [answers[0]] * len(written)
        if path == "/v1/registrations":
            assert [row["prefix"] for row in answers[0]["items"]] == [canonical]
        if path == "/v1/check":
            assert answers[0]["registered"]


def _answer(house: House, path: str, name: str) -> Any:
    """Return an answer, without the address where it repeats that."""
    answer = house.ask("GET", path, status=200)
    return {member: value for member, value in answer.items() if member != name}


@pytest.mark.parametrize("parameter", PARAMETERS, ids=" ".join)
@pytest.mark.parametrize("text", NONE)
def test_what_is_no_address_is_refused_in_words(house: House, parameter: tuple[str, str], text: str) -> None:
    path, name = parameter
    answer = house.ask("GET", f"{path}?{name}={quote(text)}{PARAMETERS[parameter][0]}")
    assert answer["status"] in (400, 422), answer
    assert all(error["why"] and error["mend"] for error in answer["errors"])


def test_the_command_line_asks_in_every_form_too(house: House, live: list[str]) -> None:
    for canonical, written in PREFIXES.items():
        for form in written:
            (row,) = house.wicket("registrations", "list", "--prefix", form)
            assert row["prefix"] == canonical
    edge = "edge-a"
    with Readers(house).database.writing(OPERATOR) as writing:
        edges.entered(writing, edge)
    told = [house.wicket("audit", "standing", edge, form, "2026-01-01T00:00+00:00") for form in PREFIXES[live[0]]]
    assert told == [told[0]] * len(told)
    for text in NONE:
        assert house.wicket("registrations", "list", f"--prefix={text or ' '}", status=1)["kind"] == "invalid"
        assert house.wicket("audit", "standing", edge, text, "2026-01-01T00:00+00:00", status=1)["kind"] == "invalid"
