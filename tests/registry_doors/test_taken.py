"""What one door takes, every door takes and every list shows; what one refuses, all refuse in the same words."""

import secrets
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.registry_doors.house import CONTACT, DOORS, PAPERS, House, Said

BASE = {"kind": "organisation", "name": "Acme"}


Columns = dict[str, str]


def shown(house: House) -> dict[str, dict[str, Columns]]:
    """Return what every list shows of the registrants, by list and reference, in columns; an absent one is empty."""
    api, cli = house.walk("/v1/registrants"), house.wicket("registrants", "list", "--limit", "100000")
    assert api == cli
    lists = {"API": {row["reference"]: columns_of(row) for row in api}}
    for kind in ("csv", "ndjson"):
        rows = ({name: row[name] or "" for name in ("registrant", *BASE, *CONTACT)} for row in house.exported(kind))
        lists[f"export as {kind}"] = {row["registrant"]: row for row in rows}
    return lists


def columns_of(row: dict[str, Any]) -> Columns:
    contact = row["contacts"][0] if row["contacts"] else {}
    people = {column: contact.get(member) or "" for column, member in CONTACT.items()}
    return {"registrant": row["reference"], "kind": row["kind"], "name": row["name"], **people}


def expected(said: Said) -> Columns:
    return dict.fromkeys(CONTACT, "") | {name: text.strip(" ") for name, text in said.items()}


TAKEN: list[Said] = [
    {},
    {"phone": "+7 495 1234567"},
    {"phone": "8 (495) 123-45-67 доб. 12"},
    {"phone": "+44 20 7946 0000 ext. 12, or +44 20 7946 0001"},
    {"phone": "112"},
    {"email": "desk@acme.example"},
    {"email": "почта@почта.рф"},
    {"contact": "Bob"},
    {"contact": "Bob", "email": "o'b@a.example", "phone": "tel:+1-201-555-0123;ext=12"},
    {"name": "  Acme  "},
    {"name": 'ООО "Рога, и копыта"; =1+1'},
    {"name": "'=1+1", "email": "'@a.example"},
    {"name": "A" * 200, "contact": "B" * 200, "phone": "0" * 100},
    {"kind": "individual", "contact": "-"},
]
REFUSED: list[tuple[Said, str, str]] = [
    ({"phone": "ask for Bob"}, "phone", "ask for Bob is no telephone number"),
    ({"phone": "0" * 101}, "phone", "has 101 characters"),
    ({"phone": "+7 495\u2028123"}, "phone", "character 7 cannot be printed (U+2028)"),
    ({"email": "desk at example"}, "email", "desk at example is no address for mail"),
    ({"email": "desk@example"}, "email", "desk@example is no address for mail"),
    ({"email": f"{'a' * 250}@b.example"}, "email", "has 260 characters"),
    ({"email": "desk\x1b@a.example"}, "email", "character 5 cannot be printed (U+001B)"),
    ({"contact": "a\x07b"}, "contact", "character 2 cannot be printed (U+0007)"),
    ({"contact": "a" * 201}, "contact", "has 201 characters"),
    ({"name": "A\u00a0B"}, "name", "character 2 cannot be printed (U+00A0)"),
    ({"name": "A\u202eB"}, "name", "character 2 cannot be printed (U+202E)"),
    ({"name": "A" * 201}, "name", "has 201 characters"),
    ({"registrant": "r" * 101}, "registrant", "has 101 characters"),
    ({"registrant": "r\x01r"}, "registrant", "character 2 cannot be printed (U+0001)"),
    ({"kind": "company"}, "kind", "company is no kind of registrant"),
]


def unique(said: Said) -> dict[str, str]:
    return {"registrant": secrets.token_hex(8), **BASE, **said}


@pytest.mark.parametrize("door", DOORS)
def test_what_a_door_takes_every_list_shows(house: House, door: str) -> None:
    sayings = [unique(said) for said in TAKEN]
    assert [said for said in sayings if DOORS[door](house, said).faults] == []
    for place, columns in shown(house).items():
        assert [columns[said["registrant"]] for said in sayings] == list(map(expected, sayings)), place
    (first, *_) = house.walk("/v1/registrants")
    assert (
        first == house.ask("GET", f"/v1/registrants/{first['id']}") == house.wicket("registrants", "show", first["id"])
    )


@pytest.mark.parametrize("door", DOORS)
def test_what_a_door_refuses_it_refuses_in_the_words_of_all(house: House, door: str) -> None:
    told = [DOORS[door](house, unique(said)).faults for said, _, _ in REFUSED]
    assert told == [{column: why} for _, column, why in REFUSED]


LETTERS = st.characters(exclude_characters="\0\r\n", exclude_categories=["Cs"])
"""Whatever a line of a file can have: a file with NUL is refused as a whole."""

TEXT = st.text(LETTERS, min_size=1, max_size=20).map(lambda text: f"x{text}x")
"""Framed, since the blanks around a cell are not the cell's, and an empty one says nothing."""

SAYINGS = st.fixed_dictionaries(
    {"name": TEXT},
    optional={
        "contact": TEXT,
        "email": TEXT | st.emails() | st.tuples(TEXT, TEXT).map("@a.".join),
        "phone": TEXT | st.from_regex(r"\A\+?[0-9 ()./-]{1,30}[0-9]( ext\. [0-9]+)?\Z"),
        "kind": st.sampled_from(["organisation", "individual", "firm"]),
    },
)


@settings(max_examples=8, deadline=None)
@given(sayings=st.lists(SAYINGS, min_size=3, max_size=6))
def test_all_doors_take_and_refuse_the_same(house: House, sayings: list[Said]) -> None:
    taken = {}
    for said in sayings:
        faults = {}
        for door, enter in DOORS.items():
            whole = unique(said)
            faults[door] = enter(house, whole).faults
            if not faults[door]:
                taken[whole["registrant"]] = expected(whole)
        assert all(each == faults["api"] for each in faults.values()), faults
    for place, columns in shown(house).items():
        assert {reference: columns[reference] for reference in taken} == taken, place


DOCUMENTS: list[tuple[dict[str, str], str]] = [
    ({"sha256": "short"}, "short is no SHA-256"),
    ({"sha256": "AB" * 32}, f"{'AB' * 30}… is no SHA-256"),
    ({"reference": "r" * 201}, "has 201 characters"),
    ({"reference": "a\x1bb"}, "character 2 cannot be printed (U+001B)"),
    ({"kind": "k" * 201}, "has 201 characters"),
]
SOUND = {"kind": "identity", "reference": "shelf 7/12", "sha256": "ab" * 32}


@pytest.mark.parametrize("door", PAPERS)
def test_documents_are_held_to_the_same_at_every_door(house: House, door: str) -> None:
    assert PAPERS[door](house, SOUND) == ""
    assert [PAPERS[door](house, SOUND | wrong) for wrong, _ in DOCUMENTS] == [why for _, why in DOCUMENTS]
    listed = [row["documents"] for row in house.walk("/v1/applications")]
    assert listed == [row["documents"] for row in house.wicket("applications", "list", "--limit", "100000")]
    assert listed[-1] == [SOUND]
    assert house.exported("ndjson")[-1]["documents"] == [SOUND]
    assert house.exported("csv")[-1]["documents"] == "=".join(SOUND.values())


@settings(max_examples=8, deadline=None)
@given(reference=TEXT, sha256=st.just("ab" * 32) | TEXT | st.from_regex(r"\A[0-9a-f]{60,66}\Z"))
def test_all_doors_take_and_refuse_the_same_documents(house: House, reference: str, sha256: str) -> None:
    document = {"kind": "identity", "reference": reference, "sha256": sha256}
    told = {door: apply(house, document) for door, apply in PAPERS.items()}
    assert len(set(told.values())) == 1, told
    if not told["api"]:
        listed = [row["documents"] for row in house.walk("/v1/applications")]
        assert listed == [row["documents"] for row in house.wicket("applications", "list", "--limit", "100000")]
        exported = [row["documents"] for row in house.exported("ndjson")]
        assert listed[-len(told) :] == exported[-len(told) :] == [[document]] * len(told)
