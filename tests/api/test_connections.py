"""Connections that are silent, slow or half-sent hold no thread: with many more of them, others are answered."""

import contextlib
import http.client
import socket
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from lab.gateway import Gateway

MANY = 60
"""More than the threads of all processes."""

QUESTION = b"GET /v1/check?address=192.0.2.1 HTTP/1.1\r\nHost: localhost\r\n"
BEGINNINGS = {
    "nothing": b"",
    "half a line": b"GET /v1/ch",
    "half a head": QUESTION + b"X-Padding: x",
    "half a blank line": QUESTION + b"\r",
}
RESTS = {
    "nothing": QUESTION + b"\r\n",
    "half a line": QUESTION.removeprefix(b"GET /v1/ch") + b"\r\n",
    "half a head": b"yz\r\n\r\n",
    "half a blank line": b"\n",
}


@contextlib.contextmanager
def held(gateway: Gateway, beginning: bytes, count: int = MANY) -> Iterator[list[socket.socket]]:
    """Have connections that have sent something, and no more."""
    with ExitStack() as open_:
        made = []
        for _ in range(count):
            made.append(open_.enter_context(socket.create_connection(("127.0.0.1", gateway.port), timeout=60)))
            made[-1].sendall(beginning)
        yield made


def answer(client: socket.socket) -> int:
    response = http.client.HTTPResponse(client)
    response.begin()
    response.read()
    return response.status


@pytest.mark.parametrize("beginning", BEGINNINGS)
def test_others_are_answered_and_so_are_they_once_their_head_is_whole(gateway: Gateway, beginning: str) -> None:
    with held(gateway, BEGINNINGS[beginning]) as clients:
        assert gateway.ask("GET", "/healthz", token=None).status == 200
        for client in clients[:5]:  # they were still there when the other was answered
            client.sendall(RESTS[beginning])
            assert answer(client) == 200


def test_a_head_may_come_a_byte_at_a_time(gateway: Gateway) -> None:
    with held(gateway, b"", 1) as (client,):
        for place in range(len(QUESTION)):
            client.sendall(QUESTION[place : place + 1])
        client.sendall(b"\r\n")
        assert answer(client) == 200


def test_half_a_second_request_behind_a_whole_one_holds_nothing(gateway: Gateway) -> None:
    with held(gateway, QUESTION + b"\r\n" + QUESTION) as clients:
        assert [answer(client) for client in clients[:3]] == [200] * 3
        assert gateway.ask("GET", "/healthz", token=None).status == 200


def test_two_requests_at_once_are_both_answered(gateway: Gateway) -> None:
    with held(gateway, 2 * (QUESTION + b"\r\n"), 1) as (client,):
        response = client.makefile("rb")
        statuses = []
        for _ in range(2):
            statuses.append(response.readline().split()[1])
            length = 0
            while (line := response.readline()) != b"\r\n":
                if line.lower().startswith(b"content-length:"):
                    length = int(line.split(b":")[1])
            response.read(length)
        assert statuses == [b"200", b"200"]


@pytest.mark.parametrize("method", [b"POST", b"PUT", b"GET"])
def test_a_body_that_nobody_wants_holds_nothing(gateway: Gateway, method: bytes) -> None:
    """A stranger is refused before it is read."""
    head = method + b" /v1/bypass HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n"
    with held(gateway, head + b"x") as clients:
        assert answer(clients[0]) in (200, 401, 405)
        assert gateway.ask("GET", "/healthz", token=None).status == 200


def test_who_does_not_close_after_its_answer_holds_nothing(gateway: Gateway) -> None:
    with held(gateway, QUESTION + b"Connection: close\r\n\r\n") as clients:
        assert answer(clients[0]) == 200
        assert gateway.ask("GET", "/healthz", token=None).status == 200


def test_a_connection_is_kept_for_further_questions(gateway: Gateway) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=60)
    try:
        for _ in range(5):
            connection.request("GET", "/v1/check?address=192.0.2.1")
            response = connection.getresponse()
            response.read()
            assert (response.status, response.will_close) == (200, False)
    finally:
        connection.close()


def test_a_head_that_is_too_long_is_refused(gateway: Gateway) -> None:
    request = b"GET /" + b"x" * 100_000 + b" HTTP/1.1\r\n\r\n"
    assert gateway.raw(request).status in (400, 414)


def test_a_client_that_goes_away_in_the_middle_is_let_go(gateway: Gateway) -> None:
    with held(gateway, QUESTION) as clients:
        for client in clients:
            client.shutdown(socket.SHUT_WR)
        for client in clients:
            with contextlib.suppress(ConnectionResetError):
                assert client.recv(1) == b""
    assert gateway.ask("GET", "/healthz", token=None).status == 200
