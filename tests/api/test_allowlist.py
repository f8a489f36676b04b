"""The list through the API: every format in and out, versions, dry runs, and reading while others write."""

import hashlib
import threading
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor

import pytest

from control.allowlist import formats
from control.allowlist.allowlist import Allowlist
from lab.gateway import Answer, Gateway
from tests.api.conftest import START_LIST

ROW = {
    "prefix": "203.0.113.0/24",
    "protocols": ["wireguard", "openvpn"],
    "ports": [51820, "1000-2000"],
    "note": "bank",
}
IN_EACH_FORMAT = {
    "application/json": b'{"entries": ["192.0.2.7", {"prefix": "2001:db8::/48", "protocols": ["ike"]}]}',
    "application/x-ndjson": b'{"prefix": "2001:db8::/48", "protocols": ["ike"]}\n"192.0.2.7"\n',
    "text/csv": b"prefix,protocols\n192.0.2.7,\n2001:db8::/48,ike\n",
}


@pytest.mark.parametrize("media_type", IN_EACH_FORMAT)
@pytest.mark.parametrize("named", [True, False], ids=["named", "told from the content"])
def test_put_takes_every_format(gateway: Gateway, media_type: str, named: bool) -> None:
    body = IN_EACH_FORMAT[media_type]
    answer = gateway.put(body, Content_Type=media_type) if named else gateway.put(body)
    assert (answer.status, answer.json["count"], answer.json["live"]) == (200, 2, True), answer.body
    rows = {row["prefix"]: row for row in gateway.ask("GET", "/v1/allowlist").json["entries"]}
    assert set(rows) == {"192.0.2.7", "2001:db8::/48"}
    assert rows["2001:db8::/48"]["protocols"] == ["ike", "esp", "ah"]


@pytest.mark.parametrize("media_type", IN_EACH_FORMAT)
@pytest.mark.parametrize("by", ["accept", "format"])
def test_get_gives_every_format_and_put_takes_it_back(gateway: Gateway, media_type: str, by: str) -> None:
    gateway.patch({"add": [ROW]})
    if by == "accept":
        answer = gateway.ask("GET", "/v1/allowlist", Accept=f"text/html;q=0.9, {media_type}")
    else:
        answer = gateway.ask("GET", f"/v1/allowlist?format={media_type.rpartition('/')[2].removeprefix('x-')}")
    assert (answer.status, answer.headers["content-type"]) == (200, media_type)

    again = gateway.put(answer.body, Content_Type=media_type)
    assert (again.json["added"], again.json["removed"], again.json["count"]) == (0, 0, len(START_LIST) + 1)
    rows = {row["prefix"]: row for row in gateway.ask("GET", "/v1/allowlist").json["entries"]}
    assert rows["203.0.113.0/24"]["note"] == "bank"
    assert rows["203.0.113.0/24"]["protocols"] == ["wireguard", "openvpn"]


def test_the_etag_names_the_version(gateway: Gateway) -> None:
    first = gateway.ask("GET", "/v1/allowlist")
    assert gateway.ask("GET", "/v1/allowlist", If_None_Match=first.headers["etag"]).status == 304

    change = gateway.patch({"add": ["203.0.113.9"]}, If_Match=first.headers["etag"])
    assert change.headers["etag"] == f'"{change.json["epoch"]}:{change.json["serial"]}"'
    assert change.headers["etag"] != first.headers["etag"]

    second = gateway.ask("GET", "/v1/allowlist", If_None_Match=first.headers["etag"])
    assert (second.status, second.headers["etag"]) == (200, change.headers["etag"])


def test_of_many_that_read_the_same_version_one_changes_it(gateway: Gateway) -> None:
    etag = gateway.ask("GET", "/v1/allowlist").headers["etag"]
    with ThreadPoolExecutor(8) as pool:
        answers = pool.map(lambda n: gateway.patch({"add": [f"203.0.113.{n}"]}, If_Match=etag).status, range(16))
    assert sorted(answers) == [200] + [412] * 15
    assert len(gateway.prefixes()) == len(START_LIST) + 1


def test_a_batch_adds_and_removes_in_one_step(gateway: Gateway) -> None:
    answer = gateway.patch({"add": ["203.0.113.9", ROW], "remove": ["192.0.2.1", "192.0.2.250"]})
    assert (answer.json["added"], answer.json["removed"], answer.json["count"]) == (2, 1, 4)
    assert set(answer.json["seconds"]) > {"read"}
    assert sorted(gateway.prefixes()) == ["198.51.100.0/24", "2001:db8::/48", "203.0.113.0/24", "203.0.113.9"]


def test_a_dry_run_names_what_would_change_and_changes_nothing(gateway: Gateway) -> None:
    before = gateway.ask("GET", "/v1/allowlist").headers["etag"]

    replacement = gateway.put(b"192.0.2.1\n203.0.113.9\n", "?dry_run=true", Content_Type="text/csv")
    would = {"add": ["203.0.113.9"], "remove": ["198.51.100.0/24", "2001:db8::/48"]}
    assert would_of(replacement) == would
    assert (replacement.json["added"], replacement.json["removed"], replacement.json["live"]) == (1, 2, False)

    narrowed = {"prefix": "2001:db8::/48", "protocols": ["esp"]}
    batch = gateway.patch({"add": ["203.0.113.9", narrowed], "remove": ["192.0.2.1"]}, "?dry_run=true")
    assert would_of(batch) == {"add": ["2001:db8::/48", "203.0.113.9"], "remove": ["192.0.2.1"]}
    assert (batch.json["added"], batch.json["removed"]) == (2, 1)
    assert gateway.ask("GET", "/v1/allowlist").headers["etag"] == before


def would_of(answer: Answer) -> dict[str, list[str]]:
    return {side: sorted(prefixes) for side, prefixes in answer.json["would"].items()}


def test_a_replacement_can_be_empty_when_it_is_meant(gateway: Gateway) -> None:
    answer = gateway.put(b'{"entries": []}', "?allow_empty=true", Content_Type="application/json")
    assert (answer.status, answer.json["count"]) == (200, 0), answer.body
    assert gateway.prefixes() == []


def test_a_right_digest_is_accepted(gateway: Gateway) -> None:
    body = b"203.0.113.9\n"
    digest = f"sha-256=:{b64encode(hashlib.sha256(body).digest()).decode()}:"
    assert gateway.put(body, Content_Digest=f"sha-512=:eA==:, {digest}").status == 200


def test_a_chunked_body_is_taken_once_it_is_whole(gateway: Gateway) -> None:
    head = f"PUT /v1/allowlist HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {gateway.token}\r\n".encode()
    framing = b"Expect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n"
    answer = gateway.raw(head + framing + b"6\r\n203.0.\r\n6\r\n113.9\n\r\n0\r\n\r\n")
    assert answer.status == 200
    assert gateway.prefixes() == ["203.0.113.9"]


def test_a_reader_sees_one_version_while_others_write(gateway: Gateway) -> None:
    """Each answer streamed while batches go on is the whole list of its ETag: the serial tells its length."""
    count = 20_000
    addresses = "\n".join(f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}" for n in range(count))
    start = gateway.put(addresses.encode(), Content_Type="text/csv").json["serial"]
    done = threading.Event()

    def write() -> None:
        for number in range(60):
            gateway.patch({"add": [f"203.0.113.{number}"]})
        done.set()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        while not done.is_set():
            answer = gateway.ask("GET", "/v1/allowlist?format=csv")
            serial = int(answer.headers["etag"].strip('"').rpartition(":")[2])
            assert len(formats.read(answer.body, formats.CSV)) == count + serial - start
    finally:
        writer.join()
    final: Allowlist = formats.read(gateway.ask("GET", "/v1/allowlist?format=csv").body, formats.CSV)
    assert len(final) == count + 60
