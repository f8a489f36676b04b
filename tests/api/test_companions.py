"""The gateway's doors register whole VPNs, and refuse what would break itself; see tests/companions.py."""

from collections.abc import Callable
from typing import Any

import pytest

from lab.gateway import Answer, Gateway
from tests.companions import REFUSED, TAKEN, Said

Row = dict[str, Any]


def rows_of(said: list[Said]) -> list[Row]:
    return [
        {"prefix": f"203.0.113.{number}", "protocols": list(protocols), "ports": list(ports)}
        for number, (protocols, ports) in enumerate(said)
    ]


def put_csv(gateway: Gateway, rows: list[Row]) -> Answer:
    lines = [f"{row['prefix']},{' '.join(row['protocols'])},{' '.join(map(str, row['ports']))}" for row in rows]
    return gateway.put("\n".join(["prefix,protocols,ports", *lines]).encode(), Content_Type="text/csv")


DOORS: dict[str, Callable[[Gateway, list[Row]], Answer]] = {
    "PUT, JSON": lambda gateway, rows: gateway.ask("PUT", "/v1/allowlist", {"entries": rows}),
    "PUT, CSV": put_csv,
    "PATCH": lambda gateway, rows: gateway.patch({"add": rows}),
}


@pytest.mark.parametrize("door", DOORS)
def test_what_is_registered_is_whole(gateway: Gateway, door: str) -> None:
    assert DOORS[door](gateway, rows_of([said for said, _ in TAKEN])).status == 200
    shown = {row["prefix"]: row for row in gateway.ask("GET", "/v1/allowlist").json["entries"]}
    for row in rows_of([whole for _, whole in TAKEN]):
        assert shown[row["prefix"]] == {name: value for name, value in row.items() if value}


@pytest.mark.parametrize("door", DOORS)
def test_what_would_break_itself_is_refused_with_the_mend(gateway: Gateway, door: str) -> None:
    answer = DOORS[door](gateway, rows_of([said for said, _, _ in REFUSED]))
    assert (answer.status, answer.kind) == (422, "bad-list")
    assert [(fault["why"], fault["mend"]) for fault in answer.json["errors"]] == [each[1:] for each in REFUSED]
    assert all(fault["where"].endswith(", ports") for fault in answer.json["errors"])
