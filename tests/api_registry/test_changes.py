"""What a follower sees: pages since a serial, and the stream."""

import http.client
import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest

from tests.api_registry.world import World


@contextmanager
def follow(world: World, **headers: str) -> Iterator[http.client.HTTPResponse]:
    connection = http.client.HTTPConnection("127.0.0.1", world.gateway.port, timeout=30)
    sent = {"Authorization": f"Bearer {world.tokens['operator']}", **headers}
    try:
        connection.request("GET", "/v1/changes/stream", headers=sent)
        with connection.getresponse() as stream:
            yield stream
    finally:
        connection.close()


def next_event(stream: http.client.HTTPResponse) -> dict[str, str]:
    """Return the next event that is no comment."""
    event: dict[str, str] = {}
    while line := stream.readline().decode():
        name, _, value = line.rstrip("\n").partition(": ")
        if name:
            event[name] = value
        elif line == "\n" and event:
            return event
    raise EOFError("the stream ended")


def now(world: World) -> tuple[str, int]:
    page = world.ask("GET", "/v1/changes?since=0&limit=1").json
    return page["epoch"], page["serial"]


def test_pages_go_on_where_the_last_ended(world: World) -> None:
    epoch, serial = now(world)
    added = [world.address() for _ in range(3)]
    for address in added:
        world.registered(world.sides[0], {"prefix": address, "protocols": ["wireguard"], "ports": [51820, "7-9"]})
    since, found = f"{epoch}:{serial}", []
    for _ in added:
        page = world.ask("GET", f"/v1/changes?since={since}&limit=1").json
        found += page["changes"]
        since = page["next"]
    assert [each["serial"] for each in found] == [serial + 1, serial + 2, serial + 3]
    assert [each["added"][0]["prefix"] for each in found] == added
    assert found[0]["added"][0] == {"prefix": added[0], "protocols": ["wireguard"], "ports": ["7-9", "51820"]}
    last = world.ask("GET", f"/v1/changes?since={since}").json
    assert (last["changes"], last["next"]) == ([], since)


@pytest.mark.parametrize("since", [f"{'0' * 32}:0", "999999999"])
def test_a_serial_of_another_list_is_gone(world: World, since: str) -> None:
    assert world.ask("GET", f"/v1/changes?since={since}").kind == "gone"


@pytest.mark.parametrize("since", ["", "x", "-1", "1:1", "%00", "9999999999"])
def test_a_position_that_is_none(world: World, since: str) -> None:
    assert world.ask("GET", f"/v1/changes?since={since}").kind == "invalid"


def test_the_stream_tells_each_change_and_goes_on_behind_the_last(world: World) -> None:
    epoch, serial = now(world)
    with follow(world) as stream:
        assert (stream.status, stream.headers["content-type"].partition(";")[0]) == (200, "text/event-stream")
        address = world.address()
        (id_,) = world.registered(world.sides[0], address)
        event = next_event(stream)
        assert (event["event"], event["id"]) == ("change", f"{epoch}:{serial + 1}")
        change: dict[str, Any] = json.loads(event["data"])
        assert change == world.ask("GET", f"/v1/changes?since={epoch}:{serial}").json["changes"][0]
        intent = world.take(f"/v1/registrations/{id_}/revoke", "officer", {"reason": "test"}).json
        world.take(f"/v1/intents/{intent['id']}/confirm", "second", {"live": 1})
        assert json.loads(next_event(stream)["data"])["removed"][0]["prefix"] == address
    with follow(world, **{"Last-Event-ID": event["id"]}) as again:
        assert next_event(again)["id"] == f"{epoch}:{serial + 2}"


def test_streams_leave_threads_for_the_rest(world: World) -> None:
    with ExitStack() as stack:
        streams = [stack.enter_context(follow(world)) for _ in range(8)]
        refused = [stream for stream in streams if stream.status != 200]
        assert refused
        assert {stream.status for stream in refused} == {429}
        assert all(int(stream.headers["retry-after"]) > 0 for stream in refused)
        assert world.ask("GET", "/v1/officers").status == 200
