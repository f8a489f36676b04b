"""What a stranger, or whoever has a token, may send: never an answer of 5xx, and never one that grows with it."""

import itertools
import json
import sqlite3
import time
from pathlib import Path
from typing import Any

import pytest

from control import config
from tests.api_registry.world import World

MEMBERS = 20_000
ANSWER = 1 << 20
"""Bytes that a refusal may have."""

TIMES = (
    "0001-01-01T00:00:00+23:59",
    "9999-12-31T23:59:59-23:59",
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59.999999Z",
    "2026-02-30T00:00:00Z",
    "2026-11-24T24:00:00Z",
    "2026-11-24T12:00:00+99:99",
)
ADDRESSES = (
    "::ffff:203.0.113.10",
    "::ffff:cb00:710a",
    "1.2.3.4%25eth0",
    "fe80::1%25",
    "0x1",
    "1.2.3",
    "%D9%A3.3.3.3",
    "::",
    "1.2.3.4/32",
    "%00",
    "1" * 3000,
)


@pytest.mark.parametrize("address", ADDRESSES)
def test_any_address_is_answered(world: World, address: str) -> None:
    assert world.ask("GET", f"/v1/check?address={address}", who=None).status in (200, 422)


def test_an_address_is_the_same_in_every_form(world: World) -> None:
    world.registered(world.sides[0], "10.200.0.0/24")
    for form in ("10.200.0.7", "::ffff:10.200.0.7", "::ffff:ac8:7", "::FFFF:0ac8:0007"):
        answer = world.ask("GET", f"/v1/check?address={form}", who=None).json
        assert (answer["address"], answer["registered"]) == ("10.200.0.7", True)


@pytest.mark.parametrize("number", [2**63 - 1, 2**63, 2**64, 10**4000])
def test_any_number_is_answered(world: World, number: int) -> None:
    for method, path in (
        ("GET", f"/v1/history/{number}"),
        ("POST", f"/v1/history/{number}/rollback"),
        ("GET", f"/v1/history/difference?one={number}&other=1"),
        ("GET", f"/v1/heads?after={number}"),
        ("GET", f"/v1/audit/heads?after={number}"),
        ("GET", f"/v1/held/{number}"),
        ("GET", f"/v1/changes?since={'0' * 32}:{number}"),
        ("GET", f"/v1/registrants?limit={number}"),
    ):
        assert world.ask(method, path, who="operator").status in (400, 404, 410, 414, 422), path


@pytest.mark.parametrize("moment", TIMES)
def test_any_time_is_answered(world: World, moment: str) -> None:
    written = moment.replace("+", "%2B")
    object_ = f"per_{'0' * 32}"
    for path in (
        f"/v1/audit?since={written}",
        f"/v1/audit?until={written}",
        f"/v1/audit/state?object={object_}&at={written}",
        f"/v1/audit/listed?address=192.0.2.1&at={written}",
        f"/v1/audit/listed?address=192.0.2.1&at={written}&edge=north",
    ):
        assert world.ask("GET", path).status < 500, path


@pytest.mark.parametrize("deep", [34, 200, 980, 1500, 100_000])
@pytest.mark.parametrize("wrapped", [False, True])
def test_what_lies_too_deep_is_refused(world: World, deep: int, wrapped: bool) -> None:
    for inner in ("[" * deep + "]" * deep, '{"a":' * deep + "1" + "}" * deep):
        body = (f'{{"name": {inner}}}' if wrapped else inner).encode()
        for method, path in (("POST", "/v1/persons"), ("POST", "/v1/tokens"), ("POST", "/v1/intents")):
            assert world.ask(method, path, body, Content_Type="application/json").status == 400
        for path in ("/v1/policy", "/v1/bypass"):
            assert world.ask("PUT", path, body, Content_Type="application/json").status in (400, 422)
        for method in ("PUT", "PATCH"):
            answer = world.ask(method, "/v1/allowlist", body, "operator", Content_Type="application/json")
            assert (answer.status in (400, 422), len(answer.body) < ANSWER) == (True, True)


def test_an_answer_is_bounded_whatever_it_is_about(world: World) -> None:
    unknown = {f"member {number}": number for number in range(MEMBERS)}
    long = {"name": "x" * 500_000, "roles": ["x" * 100_000]}
    side = world.sides[0]
    for who, body in itertools.product(("operator", "officer"), (unknown, long, {**unknown, **long})):
        answer = world.ask("POST", "/v1/persons", body, who)
        assert answer.status == 422
        assert len(answer.body) < 2 * ANSWER
        assert answer.json["errors_total"] >= len(answer.json["errors"])
    path = f"/v1/registrants/{side.registrant_id}"
    answer = world.ask("PATCH", path, unknown, side.tokens["registrant"], If_Match="*")
    assert (answer.status, len(answer.body) < ANSWER) == (422, True)


def test_the_audit_keeps_no_more_of_a_refusal_than_can_be_read(world: World) -> None:
    name = "n" * 400_000
    side = world.sides[0]
    body = {name: 1, "name": name}
    refused = world.ask("POST", "/v1/applications", body, side.tokens["registrant"], X_Request_ID="long-name")
    assert refused.status == 422
    file = config.load(world.gateway.config).registry_url.removeprefix("sqlite:///")
    with sqlite3.connect(file) as database:
        longest = "SELECT max(length(before) + length(after)) FROM audit WHERE request_id = 'http long-name'"
        (length,) = database.execute(longest).fetchone()
    database.close()
    assert 0 < length < 100_000


@pytest.mark.parametrize("scope", ["registrant", "provider"])
def test_a_body_may_have_what_its_scope_allows(world: World, scope: str) -> None:
    token = world.sides[0].tokens[scope]
    body = b'{"of": "' + b"x" * (2 << 20) + b'"}'
    assert world.ask("POST", "/v1/exports", body, token, Content_Type="application/json").kind == "too-large"
    assert world.ask("POST", "/v1/exports", body, "officer", Content_Type="application/json").kind == "invalid"


def test_a_strangers_refusal_names_nothing_of_this_machine(world: World) -> None:
    answer = world.ask("GET", "/v1/persons", who=None)
    assert answer.status == 401
    directory = str(world.gateway.config.parent)
    assert directory not in answer.body.decode()
    assert "wkt_" not in answer.body.decode()


@pytest.mark.parametrize(
    "header",
    [
        b"SCRIPT_NAME: /x",
        b"Script-Name: /x",
        b"PATH_INFO: /v1/persons",
        b"X-Forwarded-For: " + b"x" * 5000,
        b"X-Forwarded-Host: \xff",
        b"Authorization: Bearer \xff",
        b"Authorization: Basic !!!!",
        b'If-None-Match: "\xff',
        b"Accept: \xff",
        b"Range: bytes=0-",
        b"Host: \xff",
    ],
)
def test_any_header_is_answered(world: World, header: bytes) -> None:
    for path in (b"/v1/check?address=192.0.2.1", b"/v1/persons"):
        request = b"GET %b HTTP/1.1\r\nHost: localhost\r\n%b\r\nConnection: close\r\n\r\n" % (path, header)
        answer = world.gateway.raw(request)
        assert answer.status < 500
        assert b"/v1/persons" not in header or answer.status in (200, 401)


def test_a_list_that_is_cut_on_its_way_is_known_as_cut(world: World) -> None:
    """Also by HTTP/1.0, which has no chunks: a proxy's default towards its upstream."""
    for version in (b"1.0", b"1.1"):
        request = b"GET /v1/allowlist HTTP/%b\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer %b\r\n\r\n"
        answer = world.gateway.raw(request % (version, world.gateway.token.encode()))
        assert int(answer.headers["content-length"]) == len(answer.body)
        assert int(answer.headers["wicketgate-entries"]) == len(answer.json["entries"])
        assert answer.headers["content-digest"].startswith("sha-256=:")


def test_a_reason_has_nothing_that_a_terminal_would_obey(world: World) -> None:
    (id_,) = world.registered(world.sides[0])
    for reason in ("\x1b[2J", "a\x00b", "\u202eabc", "\x07", "x" * 3000):
        answer = world.ask("POST", f"/v1/registrations/{id_}/suspend", {"reason": reason}, If_Match="*")
        assert (answer.status, answer.kind) == (422, "invalid")
    made = world.ask("POST", f"/v1/registrations/{id_}/suspend", {"reason": "two\nlines\tand «more»"}, If_Match="*")
    assert made.status == 201
    world.take(f"/v1/intents/{made.json['id']}/cancel", "officer")


def test_a_clients_request_id_is_not_the_command_lines(world: World) -> None:
    world.make("/v1/providers", {"name": f"named {time.time_ns()}"})
    rows = world.ask("GET", "/v1/audit?sort=-seq&limit=50").json["items"]
    assert all(row["request_id"].startswith("http ") for row in rows if row["actor"].startswith("per_"))
    forged: dict[str, Any] = {"name": f"forged {time.time_ns()}"}
    world.ask("POST", "/v1/providers", forged, X_Request_ID="wicket root 00")
    (row,) = world.ask("GET", "/v1/audit?sort=-seq&limit=1").json["items"]
    assert row["request_id"].startswith("http ")
    assert "wicket root" not in row["request_id"]


def test_what_the_gateway_is_ordered_is_audited(world: World) -> None:
    """Done or refused; a dry run changes nothing."""
    last: dict[str, Any] = {}
    for method, body, is_done in (
        ("PATCH", {"add": ["203.0.113.99"]}, True),
        ("PATCH", {"remove": ["203.0.113.99"]}, True),
        ("PUT", {"entries": []}, False),
    ):
        answer = world.ask(method, "/v1/allowlist", body, "operator", Content_Type="application/json")
        assert (answer.status == 200) is is_done
        (last,) = world.ask("GET", "/v1/audit?object=gateway&sort=-seq&limit=1").json["items"]
        assert last["action"] in ("gateway.change", "gateway.replace")
        assert last["outcome"] == ("done" if is_done else "refused")
        assert last["actor"] == world.ask("GET", "/v1/self", who="operator").json["id"]
    path, body = "/v1/allowlist?dry_run=true", {"add": ["203.0.113.98"]}
    assert world.ask("PATCH", path, body, "operator", Content_Type="application/json").status == 200
    (same,) = world.ask("GET", "/v1/audit?object=gateway&sort=-seq&limit=1").json["items"]
    assert same["seq"] == last["seq"]


def test_a_long_field_is_in_the_audit_by_its_digest(world: World) -> None:
    side = world.sides[0]
    entries = [{"prefix": world.address(), "protocols": ["wireguard"], "ports": [51820]} for _ in range(250)]
    made = world.draft(side, *entries)
    (row,) = world.ask("GET", f"/v1/audit?object={made['id']}&action=application.create").json["items"]
    assert set(row["after"]["entries"]) == {"sha256", "length"}
    assert row["after"]["category"] == "company"


def test_the_document_says_that_faults_are_counted() -> None:
    document = json.loads((Path(__file__).parents[2] / "docs" / "openapi" / "registry.json").read_text())
    assert "errors_total" in document["components"]["schemas"]["Problem"]["required"]
