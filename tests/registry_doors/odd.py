"""Odd rows of an import: sound ones of which some cells are whatever people and programs have put into such files."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

from hypothesis import strategies as st

from control.registry.intake.text import COLUMNS
from tests.registry_doors.house import CATEGORY, DOCUMENTS, PROVIDER

Row = Mapping[str, Any]

ANYTHING = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
SAID = [
    *("", " ", "\t", "\x00", "\x1b[2J", "\x07", "\x7f", "\u202e", "\u2028", "\u00a0", "\ufeff", "\U0010ffff"),
    *("=1+1", "'=1+1", "@SUM(A1)", "-0", "1e999", "NaN", "null", "true", "9" * 400, "0x10", "²", "٣", "%00"),
    *("a" * 201, "я" * 100, '"', '""', "a\nb", "a,b;c", "M-1", " M-1 ", "reg_" + "0" * 32, "prv_" + "f" * 32),
    *("../..", "<b>", "e\u0301"),
]
"""Control characters, odd Unicode, numbers that are none, blanks, what a spreadsheet runs, what looks like an id."""

PREFIXES = [
    *("10.1.1.1", "10.1.1.1/32", "10.1.1.0/24", "10.1.1.7/24", "010.1.1.1", "10.1.1", "167837953", "0x0a010101"),
    *("::ffff:10.1.1.1", "::ffff:10.1.1.0/120", "::FFFF:0A01:0101", "fd00::1", "FD00::00AB", "fd00::/64"),
    *("::", "::/0", "0.0.0.0/0", "127.0.0.1", "224.0.0.1", "::ffff:0:0/96", "10.1.1.1/33", "10.1.1.1/-1"),
    *("10.1.1.1 ", "10.1.1.1\t", "１０.1.1.1", "10.1.1.1/３２", "10.1.1.1-10.1.1.9", "host.example", "9" * 70),
    *("fd00::1%eth0", "10.1.1.1/024", "2001:db8::1"),
]
"""Addresses in every form, and what is nearly one."""

NUMBERS = st.one_of(st.integers(), st.integers(10**30, 10**40), st.floats(), st.booleans(), st.none())
TEXT = st.sampled_from(SAID) | ANYTHING
JSON = st.recursive(
    TEXT | NUMBERS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ANYTHING, inner, max_size=3),
    max_leaves=6,
)
DOCUMENT = st.fixed_dictionaries(
    {},
    optional={
        "kind": TEXT | st.just("identity"),
        "reference": TEXT | st.just("shelf/1"),
        "sha256": TEXT | st.just("ab" * 32),
        "more": JSON,
    },
)
CELLS: dict[str, st.SearchStrategy[Any]] = {
    "prefixes": st.lists(st.sampled_from(PREFIXES), min_size=1, max_size=3).map(" ".join),
    "protocols": st.sampled_from(["wireguard", "openvpn;ikev2", "wiregard", "all", "wireguard wireguard", "*"]),
    "ports": st.sampled_from(["51820", "1-65535", "0", "65536", "9-1", "1,2", "51820 51820", "-1", "٣", "9" * 400]),
    "category": st.sampled_from(["company", "freelancer", "call-centre", "Company", "none"]),
    "provider": st.sampled_from([PROVIDER, "Nothern Net", PROVIDER.upper()]),
    "email": st.emails(),
    "phone": st.sampled_from(["112", "+7 495 1234567", "ask Bob"]),
    "documents": st.sampled_from(["identity=shelf/1=" + "ab" * 32, "identity==" + "ab" * 32, "==", "a=b=c=d"]),
}
"""What a column may have beside anything at all."""

LISTED: dict[str, st.SearchStrategy[Any]] = {
    "prefixes": st.lists(st.sampled_from(PREFIXES) | JSON, max_size=3),
    "ports": st.lists(st.sampled_from([443, "1000-2000", 0, 10**400, -1, 1.5, True]), max_size=3),
    "documents": st.lists(DOCUMENT, max_size=3),
}
"""What a column may have in NDJSON."""


def _changes(columns: Mapping[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[dict[str, Any]]:
    """Return what makes up to three cells of a row odd."""
    some = st.lists(st.sampled_from(sorted(columns)), max_size=3, unique=True)
    return some.flatmap(lambda names: st.fixed_dictionaries({name: columns[name] for name in names}))


FORMS = ("{}", " {}", "{}/32", "::ffff:{}", "::FFFF:{}/128", "::ffff:{} ")
"""Of an address, all of which are taken."""

PRINTED = st.text(st.characters(categories=["L", "M", "N", "P", "S"]), max_size=40).map(lambda text: f"x{text}x")
TAKEN = _changes(
    {
        "name": PRINTED | st.just("x" * 200),
        "contact": PRINTED | st.sampled_from(["=1+1", "'-0", "9" * 200, "reg_" + "0" * 32]),
        "email": st.sampled_from(["o'b@a.example", "почта@почта.рф", ""]),
        "phone": st.sampled_from(["8 (495) 123-45-67 доб. 12", "112", "+1-201-555-0123"]),
        "kind": st.just("individual"),
        "protocols": st.sampled_from(["wireguard", ""]),
        "ports": st.sampled_from(["51820", "1-65535", ""]),
    }
)
"""What is taken, however odd: else nearly all that is drawn would be refused."""

CHANGES = _changes({name: CELLS.get(name, TEXT) | TEXT for name in COLUMNS})
JSON_CHANGES = _changes({name: CELLS.get(name, TEXT) | JSON | LISTED.get(name, TEXT) for name in COLUMNS})


def sound(registrant: str, *addresses: str) -> dict[str, Any]:
    """Return a row that is taken as it is."""
    said = {"registrant": registrant, "kind": "organisation", "name": "Acme", "email": "desk@acme.example"}
    return {**said, "category": CATEGORY, "provider": PROVIDER, "prefixes": list(addresses), "documents": DOCUMENTS}


def as_csv(rows: Sequence[Row]) -> bytes:
    """Return rows as CSV, every cell in quotes."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writeheader()
    for row in rows:
        prefixes = row["prefixes"] if isinstance(row["prefixes"], str) else " ".join(row["prefixes"])
        writer.writerow({**row, "prefixes": prefixes, "documents": _papers(row["documents"])})
    return text.getvalue().encode()


def as_ndjson(rows: Sequence[Row]) -> bytes:
    """Return rows as NDJSON, as Python writes it: NaN and Infinity too, and what is no character as its escape."""
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def _papers(documents: Any) -> str:
    if isinstance(documents, str):
        return documents
    return ";".join("=".join(each.values()) for each in documents)
