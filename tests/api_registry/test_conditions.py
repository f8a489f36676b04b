"""ETag and If-Match, merge patches, and pointers to what is wrong."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from api.kit.payload import merged
from tests.api_registry.world import NEVER, World


@pytest.fixture
def path(world: World) -> str:
    made = world.make("/v1/registrants", {"kind": "organisation", "name": f"Conditions {world.address()}"})
    return f"/v1/registrants/{made['id']}"


def test_a_change_needs_the_version_that_was_read(world: World, path: str) -> None:
    tag = world.ask("GET", path).headers["etag"]
    assert world.ask("PATCH", path, {"name": "x"}).kind == "precondition-required"
    changed = world.ask("PATCH", path, {"name": "new"}, If_Match=tag)
    assert (changed.status, changed.json["name"]) == (200, "new")
    assert changed.headers["etag"] != tag
    assert world.ask("PATCH", path, {"name": "newer"}, If_Match=tag).kind == "stale"
    assert world.ask("PATCH", path, {"name": "any"}, If_Match="*").status == 200


@pytest.mark.parametrize(
    ("condition", "kind"),
    [
        ("", "bad-request"),
        ("x", "stale"),
        ('W/"1"', "bad-request"),
        ('"1", "2"', "bad-request"),
        ('"x"', "stale"),
        (NEVER, "stale"),
    ],
)
def test_conditions_that_do_not_hold(world: World, path: str, condition: str, kind: str) -> None:
    assert world.ask("PATCH", path, {"name": "x"}, If_Match=condition).kind == kind


def test_what_is_at_hand_is_not_sent_again(world: World, path: str) -> None:
    tag = world.ask("GET", path).headers["etag"]
    again = world.ask("GET", path, If_None_Match=tag)
    assert (again.status, again.body, again.headers["etag"]) == (304, b"", tag)


def test_of_many_who_change_one_version_one_does(world: World, path: str) -> None:
    def change(number: int) -> int:
        return world.ask("PATCH", path, {"name": f"by {number}"}, If_Match='"1"').status

    with ThreadPoolExecutor(8) as pool:
        statuses = sorted(pool.map(change, range(8)))
    assert statuses == [200] + [412] * 7
    assert world.ask("GET", path).headers["etag"] == '"2"'


def test_a_patch_leaves_what_it_does_not_name(world: World, path: str) -> None:
    contacts = [{"name": "N", "email": "n@example.net", "phone": None}]
    world.ask("PATCH", path, {"contacts": contacts, "reference": f"m-{path}"[:90]}, If_Match="*")
    found = world.ask("PATCH", path, {"reference": None}, If_Match="*").json
    assert (found["contacts"], found["reference"]) == (contacts, None)


@pytest.mark.parametrize("patch", [{"nane": None}, {"kind": "individual"}, {"name": None}, [], "name", None])
def test_a_patch_of_what_is_not_there_is_refused(world: World, path: str, patch: Any) -> None:
    body = b"null" if patch is None else patch
    assert world.ask("PATCH", path, body, If_Match="*").kind == "invalid"


@pytest.mark.parametrize(
    ("target", "patch", "result"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        (["a", "b"], ["c", "d"], ["c", "d"]),
        ({"a": "b"}, ["c"], ["c"]),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_merge_patches_of_the_standard(target: Any, patch: Any, result: Any) -> None:
    """RFC 7396, appendix A."""
    assert merged(target, patch) == result


def test_a_fault_points_to_its_member(world: World) -> None:
    side = world.sides[0]
    body = {
        "registrant_id": side.registrant_id,
        "category": "company",
        "entries": ["10.0.0.1"],
        "documents": [{"kind": "identity", "reference": "x", "sha256": "short"}],
    }
    refused = world.ask("POST", "/v1/applications", body)
    assert (refused.kind, [each["pointer"] for each in refused.errors]) == ("invalid", ["#/documents/0/sha256"])
    refused = world.ask("POST", "/v1/applications", {**body, "documents": [], "entries": ["10.0.0.1", "10.0.0.999"]})
    assert [each["pointer"] for each in refused.errors] == ["#/entries/1/prefix"]
    assert "is no address" in refused.errors[0]["why"]


@pytest.mark.parametrize(
    ("body", "media", "kind"),
    [
        (b"{", "application/json", "bad-request"),
        (b'{"name": NaN}', "application/json", "bad-request"),
        (b"[]", "application/json", "invalid"),
        (b'{"name": "x"}', "text/plain", "unsupported-media-type"),
        (b'{"name": "x", "nane": "x"}', "application/json", "invalid"),
        (b'{"name": "a\\u0000b"}', "application/json", "invalid"),
        (b'{"name": "\\ud800"}', "application/json", "invalid"),
        (b'{"name": ' + b"[" * 100_000, "application/json", "bad-request"),
    ],
)
def test_bodies_that_are_not_taken(world: World, body: bytes, media: str, kind: str) -> None:
    assert world.ask("POST", "/v1/providers", body, Content_Type=media).kind == kind


def test_a_refused_attempt_is_in_the_audit(world: World) -> None:
    refused = world.ask("POST", "/v1/providers", {}, X_Request_ID="refused-in-vain")
    assert refused.status == 422
    (row,) = world.ask("GET", "/v1/audit?request_id=refused-in-vain").json["items"]
    assert (row["action"], row["outcome"], row["after"]["kind"]) == ("providers.create", "refused", "invalid")
    assert world.ask("POST", "/v1/officers", {}, "auditor", X_Request_ID="at-the-door").status == 403
    (row,) = world.ask("GET", "/v1/audit?request_id=at-the-door").json["items"]
    assert (row["action"], row["after"]["kind"]) == ("persons.create_officer", "forbidden")
