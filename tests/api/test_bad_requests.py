"""Requests that are wrong around their content: token, condition, type, length, parameters, path."""

import hashlib
from base64 import b64encode
from typing import Any, NamedTuple

import pytest

from lab.gateway import MAX_BODY, Answer, Gateway
from tests.api.refusal import Refusal, check

LIST, POLICY = "/v1/allowlist", "/v1/policy"
CSV, JSON = {"Content_Type": "text/csv"}, {"Content_Type": "application/json"}
OTHER_DIGEST = f"sha-256=:{b64encode(hashlib.sha256(b'other').digest()).decode()}:"


class Bad(NamedTuple):
    """A request that is refused; headers have _ for -, and may name a token."""

    name: str
    method: str
    path: str
    body: Any
    headers: dict[str, Any]
    refusal: Refusal


def unauthorized(why: str) -> Refusal:
    return Refusal(401, "unauthorized", ("header Authorization",), why, "/api-token")


def unsupported(header: str, why: str, mend: str) -> Refusal:
    return Refusal(415, "unsupported-media-type", (f"header {header}",), why, mend)


def invalid(*where: str, why: str, mend: str = "") -> Refusal:
    return Refusal(422, "invalid", where, why, mend)


TOO_LARGE = Refusal(413, "too-large", (f"PUT {LIST}",), "max_body", "raise")
STALE = Refusal(412, "stale", ("",), "old:1", "")
NOT_JSON = Refusal(400, "bad-request", ("body",), "", "send {")
ROWS = b"203.0.113.1\n"
TABLE = [
    Bad("no token", "PUT", LIST, ROWS, {"token": None}, unauthorized("missing")),
    Bad("a wrong token", "PUT", LIST, ROWS, {"token": "wrong"}, unauthorized("not the gateway's")),
    Bad("a wrong token, batch", "PATCH", LIST, {"remove": ["192.0.2.1"]}, {"token": "x"},
        unauthorized("not")),
    Bad("a wrong token, policy", "PUT", POLICY, {}, {"token": "wrong"}, unauthorized("not")),
    Bad("a stale list", "PUT", LIST, ROWS, {"If_Match": '"old:1"'}, STALE),
    Bad("a stale list, batch", "PATCH", LIST, {"remove": ["192.0.2.1"]}, {"If_Match": '"old:1"'}, STALE),
    Bad("a stale policy", "PUT", POLICY, {"ike": {"mode": "enforce", "share": 1}}, {"If_Match": '"old:1"'},
        STALE),
    Bad("a weak condition", "PUT", LIST, ROWS, {"If_Match": 'W/"old:1"'},
        Refusal(400, "bad-request", ("header If-Match",), "strong", "ETag")),
    Bad("no list's type", "PUT", LIST, ROWS, {"Content_Type": "application/xml"},
        unsupported("Content-Type", "application/xml", "text/csv")),
    Bad("no batch's type", "PATCH", LIST, ROWS, CSV,
        unsupported("Content-Type", "text/csv", "application/json")),
    Bad("a batch without a type", "PATCH", LIST, b"{}", {}, unsupported("Content-Type", "without", "json")),
    Bad("a packed body", "PUT", LIST, b"x", {"Content_Encoding": "gzip"},
        unsupported("Content-Encoding", "gzip", "unpacked")),
    Bad("a body altered on its way", "PUT", LIST, ROWS, {"Content_Digest": OTHER_DIGEST},
        Refusal(400, "bad-request", ("header Content-Digest",), "sha-256", "again")),
    Bad("a batch that is not JSON", "PATCH", LIST, b'{"add": [', JSON, NOT_JSON),
    Bad("a policy that is not JSON", "PUT", POLICY, b"{", JSON, NOT_JSON),
    Bad("a policy for no protocol", "PUT", POLICY, {"ipsec": {"mode": "monitor", "share": 1}}, {},
        invalid("ipsec", why="wireguard", mend="PROTOCOL")),
    Bad("a policy that names none", "PUT", POLICY, {}, {}, invalid("body", why="at least 1", mend="PROTOCOL")),
    Bad("a policy with four faults", "PUT", POLICY, {"ike": {"mode": "drop", "share": 101}, "esp": {}}, {},
        invalid("ike, mode", "ike, share", "esp, mode", "esp, share", why="enforce")),
    Bad("a parameter that is not", "PUT", f"{LIST}?dryrun=true", ROWS, {},
        invalid("query, dryrun", why="not permitted", mend="/openapi.json")),
    Bad("no yes or no", "PUT", f"{LIST}?dry_run=perhaps", ROWS, {}, invalid("query, dry_run", why="boolean")),
    Bad("no format", "GET", f"{LIST}?format=xml", None, {}, invalid("query, format", why="csv")),
    Bad("nothing acceptable", "GET", LIST, None, {"Accept": "image/png"},
        Refusal(406, "not-acceptable", ("header Accept",), "image/png", "text/csv")),
    Bad("a check of no address", "GET", "/v1/check?address=example", None, {},
        invalid("address", why="example")),
    Bad("a check of nothing", "GET", "/v1/check", None, {}, invalid("query, address", why="required")),
    Bad("a check for no protocol", "GET", "/v1/check?address=192.0.2.1&protocol=vpn", None, {},
        invalid("query, protocol", why="wireguard")),
    Bad("a check for a port of what has none", "GET", "/v1/check?address=192.0.2.1&protocol=esp&port=9", None, {},
        invalid("port", why="esp has no ports", mend="leave it out")),
    Bad("no path", "GET", "/v1/allow", None, {},
        Refusal(404, "not-found", ("GET /v1/allow",), "no such path", "/openapi.json")),
    Bad("no method", "DELETE", LIST, None, {},
        Refusal(405, "method-not-allowed", (f"DELETE {LIST}",), "does not do that", "Allow")),
]  # fmt: skip

LENGTH, CHUNKED = b"Content-Length: 100", b"Transfer-Encoding: chunked"
CUT_OFF = [
    ("before its length", LENGTH, b"203.0.113.1\n", "100 bytes were announced and 12 came"),
    ("at once", LENGTH, b"", "100 bytes were announced and 0 came"),
    ("inside a chunk", CHUNKED, b"64\r\n203.0.113.1\n", "never came"),
    ("after a chunk", CHUNKED, b"c\r\n203.0.113.1\n\r\n", "never came"),
    ("inside the last chunk", CHUNKED, b"c\r\n203.0.113.1\n\r\n0\r\n", "never came"),
    ("in a broken chunk", CHUNKED, b"zz\r\n203.0.113.1\n\r\n0\r\n\r\n", "never came"),
]


@pytest.mark.parametrize("bad", TABLE, ids=lambda bad: bad.name)
def test_a_bad_request_is_refused(gateway: Gateway, bad: Bad) -> None:
    check(gateway, lambda gateway: gateway.ask(bad.method, bad.path, bad.body, **bad.headers), bad.refusal)


@pytest.mark.parametrize(("place", "framing", "body", "why"), CUT_OFF, ids=[row[0] for row in CUT_OFF])
@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_a_body_cut_off_is_never_applied(
    gateway: Gateway, method: str, place: str, framing: bytes, body: bytes, why: str
) -> None:
    """What came of each body is a sound list by itself: only the count tells that it is half."""
    head = (
        f"{method} {LIST} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {gateway.token}\r\n"
        f"Content-Type: {'text/csv' if method == 'PUT' else 'application/json'}\r\n"
    ).encode()

    def send(gateway: Gateway) -> Answer:
        return gateway.raw(head + framing + b"\r\n\r\n" + body)

    check(gateway, send, Refusal(400, "bad-request", ("body",), why, "send it again"))


def test_a_body_announced_too_long_is_refused_unread(gateway: Gateway) -> None:
    head = f"PUT {LIST} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {gateway.token}\r\n"
    request = f"{head}Content-Length: {MAX_BODY + 1}\r\n\r\n".encode()
    check(gateway, lambda gateway: gateway.raw(request), TOO_LARGE)


def test_a_longer_body_in_chunks_is_not_cut_to_the_limit(gateway: Gateway) -> None:
    """Without an announced length the limit is found while reading; what came must not pass for a list."""
    row = b"203.0.113.1\n"
    head = f"PUT {LIST} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {gateway.token}\r\n".encode()
    body = row + b"\n" * MAX_BODY
    chunk = f"{len(body):x}\r\n".encode() + body + b"\r\n0\r\n\r\n"
    check(gateway, lambda gateway: gateway.raw(head + CHUNKED + b"\r\n\r\n" + chunk), TOO_LARGE)
