"""What a refusal must hold, and that it changed nothing."""

from collections.abc import Callable
from dataclasses import dataclass

from lab.gateway import Answer, Gateway
from tests.api.conftest import START_LIST

Send = Callable[[Gateway], Answer]


@dataclass(frozen=True)
class Refusal:
    """What the answer must be.

    Attributes:
        status: of the answer.
        kind: of the problem.
        where: words that the places of the faults hold, one for each fault expected.
        why: words that some fault's reason holds.
        mend: words that some fault's mend holds.
    """

    status: int
    kind: str
    where: tuple[str, ...]
    why: str
    mend: str = ""


def check(gateway: Gateway, send: Send, expected: Refusal) -> None:
    """Send what is bad; the refusal says what, where and what to do, and list and policy are as they were."""
    etag, policy = gateway.ask("GET", "/v1/allowlist").headers["etag"], gateway.ask("GET", "/v1/policy").json
    answer = send(gateway)

    assert (answer.status, answer.kind) == (expected.status, expected.kind), answer.body[:2000]
    assert (answer.json["status"], answer.json["request_id"]) == (
        answer.status,
        answer.headers["x-request-id"],
    )
    errors = answer.errors
    assert len(errors) == len(expected.where), errors
    assert all(words in error["where"] for words, error in zip(expected.where, errors, strict=True)), errors
    assert any(expected.why in error["why"] for error in errors), errors
    assert any(expected.mend in error["mend"] for error in errors), errors
    assert all(error["where"] and error["why"] and error["mend"] for error in errors), errors

    now = gateway.ask("GET", "/v1/allowlist")
    assert now.headers["etag"] == etag
    assert sorted(row["prefix"] for row in now.json["entries"]) == sorted(START_LIST)
    assert gateway.ask("GET", "/v1/policy").json == policy
