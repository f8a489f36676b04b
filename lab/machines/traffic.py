"""Questions, answers and unregistered handshakes between two places, by guest/traffic.py."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from lab.machines.lab import TRAFFIC, Lab
from lab.machines.machine import GUEST_DIRECTORY, Place, wait_for
from lab.network import Peers
from lab.traffic.exchange import ECHO_PORT

WIREGUARD_PORT = 51820  # its customary one
_START_SECONDS = 30.0
_END_SECONDS = 30.0
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Flow:
    """Something that runs on a place and keeps a report there."""

    place: Place
    unit: str
    path: str

    def report(self) -> Any:
        """What it has seen so far."""
        return self.place.json(f"cat {self.path}")

    def end(self) -> Any:
        """End it; what it has seen in all."""
        self.place.stop(self.unit)
        return self.report()


@contextmanager
def serving(place: Place, address: str, port: int = ECHO_PORT, *, tcp: bool = False) -> Iterator[None]:
    """An echo at an address, which may come up later."""
    unit = f"serve-{next(_numbers)}"
    place.start(unit, f"python3 {TRAFFIC} serve {address} {port} {'--tcp' if tcp else ''}")
    try:
        yield
    finally:
        place.stop(unit)


@contextmanager
def asking(place: Place, peers: Peers, port: int = ECHO_PORT, *, rate: float = 100.0) -> Iterator[Flow]:
    """Numbered questions over UDP at a rate, until the end of the context or of the flow."""
    with _running(place, f"ask {peers.client} {peers.server} {port} --rate {rate}") as flow:
        yield flow


@contextmanager
def initiating(place: Place, peers: Peers, *, rate: float = 20.0) -> Iterator[Flow]:
    """WireGuard's handshake initiations of an end that nobody has registered."""
    with _running(place, f"initiate {peers.client} {peers.server} {WIREGUARD_PORT} --rate {rate}") as flow:
        yield flow


@contextmanager
def watching(place: Place, peers: Peers) -> Iterator[Flow]:
    """Count the initiations that arrive at the server's end."""
    with _running(place, f"watch {peers.server} {WIREGUARD_PORT} {peers.client}") as flow:
        yield flow


def exchange(lab: Lab, peers: Peers, port: int, *, questions: int = 20, tcp: bool = False) -> Any:
    """A server at one end, and so many questions from the other; the report of who asked."""
    path = f"{GUEST_DIRECTORY}/exchange.json"
    with serving(lab.internet, peers.server, port, tcp=tcp):
        listens = f"ss -Hln{'t' if tcp else 'u'} src {peers.server_in_url} and sport = {port} | grep -q ."
        wait_for(lambda: lab.internet.succeeds(listens), f"the echo at {peers.server} listens", _START_SECONDS)
        words = f"{peers.client} {peers.server} {port} --rate 20 --questions {questions} {'--tcp' if tcp else ''}"
        lab.subscriber.run(f"python3 {TRAFFIC} ask {words} --report {path}", seconds=90)
        return lab.subscriber.json(f"cat {path}")


@contextmanager
def _running(place: Place, words: str) -> Iterator[Flow]:
    unit = f"{words.split()[0]}-{next(_numbers)}"
    flow = Flow(place, unit, f"{GUEST_DIRECTORY}/{place.role}-{unit}.json")
    place.run(f"rm -f {flow.path}")
    place.start(unit, f"python3 {TRAFFIC} {words} --report {flow.path}")
    try:
        wait_for(lambda: place.succeeds(f"test -e {flow.path}"), f"{unit} has begun: {words}", _START_SECONDS)
        yield flow
    finally:
        place.stop(unit)
