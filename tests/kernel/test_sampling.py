"""Sampled packets: what is told of them, and what never is."""

from collections.abc import Iterator

import pytest

from control.datapath.probe.events import Event, Events
from control.datapath.program.pins import Pinned
from lab.packets import CLIENT4, CLIENT6, SERVER4, SERVER6
from tests.kernel.questions import Question
from tests.kernel.situations import FAR_AWAY, SERVERS, Edge
from tests.kernel.table import ROWS
from tests.kernel.wire import Wire

VPN = [row for row in ROWS if row.is_vpn]
PLAIN4, PLAIN6 = Question(CLIENT4, SERVER4), Question(CLIENT6, SERVER6)
RECORDS = 64 * 1024 // 48  # that the ring holds: 16 pages, a header of 8 and an event of 40 bytes


@pytest.fixture(scope="module")
def events(pinned: Pinned) -> Events:
    return Events(pinned.maps["events"])


@pytest.fixture(scope="module")
def wire(pinned: Pinned) -> Iterator[Wire]:
    with Wire(pinned) as wire:
        yield wire


@pytest.fixture
def sampled(edge: Edge, events: Events) -> Iterator[Edge]:
    """An edge that enforces, with nobody registered, and tells of every packet; nothing is left to read."""
    edge.register(FAR_AWAY)
    edge.set_all("enforce")
    edge.controls.renew_lease(3600)
    edge.controls.set_sampling(1, responders=False)
    list(events.read())
    yield edge
    edge.controls.set_sampling(0, responders=False)


def told(events: Events) -> list[tuple[str | None, int]]:
    return [(event.address, event.port) for event in events.read()]


def test_all_that_looks_like_vpn_is_told(sampled: Edge, wire: Wire, events: Events) -> None:
    wire.send([row.frame for row in ROWS])
    found = list(events.read())
    assert [(event.protocol, event.handshake, event.bytes) for event in found] == [
        (row.protocol, row.handshake, len(row.frame)) for row in VPN
    ]
    expected = [("drop", "enforced") if row.refusable else ("pass", "established") for row in VPN]
    assert [(event.verdict, event.reason) for event in found] == expected
    seconds = [event.seconds for event in found]
    assert seconds == sorted(seconds)
    assert list(events.read()) == []


def test_of_the_unregistered_no_address_is_told(sampled: Edge, wire: Wire, events: Events) -> None:
    wire.send([row.frame for row in ROWS])
    assert set(told(events)) == {(None, 0)}


def test_the_registered_end_is_told_and_no_other(sampled: Edge, wire: Wire, events: Events) -> None:
    sampled.register(SERVERS)
    wire.send([PLAIN4.frame, PLAIN6.frame, Question(SERVER4, CLIENT4, port=40001).frame])
    assert told(events) == [(str(SERVER4), 51820), (str(SERVER6), 51820), (str(SERVER4), 40000)]


def test_the_responder_of_an_unregistered_handshake_only_when_asked_for(
    sampled: Edge, wire: Wire, events: Events
) -> None:
    sampled.controls.set_sampling(1, responders=True)
    wire.send([PLAIN4.frame, PLAIN6.frame, Question(CLIENT4, SERVER4, "esp", 0).frame])
    assert told(events) == [(str(SERVER4), 51820), (str(SERVER6), 51820), (None, 0)]


def test_without_a_rate_nothing_is_told(sampled: Edge, wire: Wire, events: Events) -> None:
    sampled.controls.set_sampling(0, responders=True)
    wire.send([row.frame for row in VPN])
    assert list(events.read()) == []


def test_a_test_run_is_not_told(sampled: Edge, events: Events) -> None:
    for row in ROWS:
        sampled.probe(row.frame)
    assert list(events.read()) == []


def test_one_in_four_is_about_a_quarter(sampled: Edge, wire: Wire, events: Events) -> None:
    sampled.controls.set_sampling(4, responders=False)
    wire.send([PLAIN4.frame] * 2000)
    assert 350 < len(list(events.read())) < 650


def test_round_and_round_the_ring(sampled: Edge, wire: Wire, events: Events) -> None:
    for _ in range(5):
        wire.send([PLAIN4.frame] * 1000)
        assert len(list(events.read())) == 1000


def test_a_ring_that_nobody_reads_fills_up_and_harms_nobody(sampled: Edge, wire: Wire, events: Events) -> None:
    sent = 2 * RECORDS
    assert wire.send([PLAIN4.frame] * sent)["wireguard", "drop", "enforced"][0] == sent
    kept: list[Event] = list(events.read())
    assert len(kept) == RECORDS
    wire.send([PLAIN4.frame])
    assert len(list(events.read())) == 1
