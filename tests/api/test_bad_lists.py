"""Lists and batches with faults in their rows: all are named, and nothing is taken."""

from typing import Any, NamedTuple

import pytest

from lab.gateway import Gateway
from tests.api.refusal import Refusal, check

CSV, JSON, NDJSON = "text/csv", "application/json", "application/x-ndjson"
NOTHING = 64 << 20


class BadList(NamedTuple):
    """A list that PUT refuses; see Refusal for the last three."""

    name: str
    media_type: str
    body: bytes
    where: tuple[str, ...]
    why: str
    mend: str


LISTS = [
    BadList("a broken row", CSV, b"192.0.2.1\n192.0.2.300\n", ("row 2, prefix",), "192.0.2.300", "write"),
    BadList("two broken rows", CSV, b"192.0.2.1\nx\n192.0.2.2\ny\n", ("row 2", "row 4"), "x is no", "write"),
    BadList("a duplicate", CSV, b"192.0.2.1\n192.0.2.2\n192.0.2.1\n",
            ("row 3",), "in row 1 already", "remove"),
    BadList("host bits set", CSV, b"192.0.2.1/24\n", ("row 1",), "host bits", "192.0.2.0/24"),
    BadList("an IPv4 /0", CSV, b"0.0.0.0/0\n", ("row 1",), "every address", "registered"),
    BadList("an IPv6 /0", CSV, b"::/0\n", ("row 1",), "every address", "registered"),
    BadList("IPv4 written as IPv6, a second time", CSV, b"192.0.2.1\n::ffff:192.0.2.1\n",
            ("row 2",), "192.0.2.1 is in row 1 already", "remove"),
    BadList("an unknown field", NDJSON, b'{"prefix": "192.0.2.1", "colour": 1}\n',
            ("row 1, colour",), "no field", "protocols"),
    BadList("no protocol", JSON, b'[{"prefix": "192.0.2.1", "protocols": ["ipsec"]}]',
            ("entries[0], protocols",), "ipsec", "esp"),
    BadList("no port", JSON, b'["192.0.2.9", {"prefix": "192.0.2.1", "ports": [70000]}]',
            ("entries[1], ports",), "70000", "65535"),
    BadList("an empty list", JSON, b'{"entries": []}', ("",), "", "allow_empty"),
    BadList("no body", CSV, b"", ("the list",), "0 bytes", "at least one"),
    BadList("64 MB of nothing, NUL", CSV, bytes(NOTHING), ("the list",), "67108864 bytes", "at least one"),
    BadList("64 MB of nothing, lines", CSV, b"\n" * NOTHING, ("the list",), "67108864 bytes", "at least one"),
    BadList("64 MB of nothing, JSON", JSON, b" " * NOTHING, ("the list",), "67108864 bytes", "at least one"),
    BadList("a cut-off document", JSON, b'{"entries": ["192.0.2.1"', ("line 1",), "byte 24 of 24", "cut off"),
    BadList("another document", JSON, b'{"prefixes": []}', ("prefixes", "entries"), "missing", "entries"),
]  # fmt: skip


class BadBatch(NamedTuple):
    """A batch that PATCH refuses."""

    name: str
    body: Any
    where: tuple[str, ...]
    why: str
    mend: str


BATCHES = [
    BadBatch("an array", ["203.0.113.1"], ("body",), "no object", "add"),
    BadBatch("an unknown member", {"ad": ["203.0.113.1"]}, ("ad",), "no member", "add"),
    BadBatch("no array in it", {"add": "203.0.113.1"}, ("add",), "no array", "remove"),
    BadBatch("no entry in it", {"add": [7, None]}, ("add[0]", "add[1]"), "no entry", "address"),
    BadBatch("bad rows on both sides", {"add": ["203.0.113.1", "x", "::/0"], "remove": ["192.0.2.1", "y"]},
             ("add[1]", "add[2]", "remove[1]"), "every address", "203.0.113.7"),
    BadBatch("the same twice", {"add": ["203.0.113.1", "203.0.113.1"]},
             ("add[1]",), "add[0] already", "remove"),
    BadBatch("the same on both sides", {"add": ["203.0.113.1"], "remove": ["203.0.113.1", "192.0.2.1"]},
             ("remove",), "203.0.113.1 is to be added", "leave it"),
]  # fmt: skip


@pytest.mark.parametrize("bad", LISTS, ids=lambda bad: bad.name)
def test_a_bad_list_is_refused_whole(gateway: Gateway, bad: BadList) -> None:
    expected = Refusal(422, "bad-list", bad.where, bad.why, bad.mend)
    check(gateway, lambda gateway: gateway.put(bad.body, Content_Type=bad.media_type), expected)


@pytest.mark.parametrize("bad", BATCHES, ids=lambda bad: bad.name)
def test_a_bad_batch_is_refused_whole(gateway: Gateway, bad: BadBatch) -> None:
    expected = Refusal(422, "bad-list", bad.where, bad.why, bad.mend)
    check(gateway, lambda gateway: gateway.patch(bad.body), expected)


def test_a_thousand_bad_rows_are_named_and_the_rest_counted(gateway: Gateway) -> None:
    answer = gateway.put(b"x\n" * 5000, Content_Type=CSV)
    assert (answer.status, len(answer.errors)) == (422, 1001)
    assert answer.errors[-1]["why"] == "4000 more faults are not listed"
