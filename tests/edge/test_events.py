"""Sampled packets, shared out among those who ask: all that each asked for, while they ask."""

from collections.abc import Iterator
from ipaddress import ip_address, ip_network

import pytest

from control.allowlist.allowlist import Allowlist
from control.allowlist.entry import Entry
from control.commands.packets import EventsRead, ReadEvents
from control.datapath.probe.frames import frame
from control.edge import events
from control.edge.edge import Edge
from control.fault import Refused
from tests.edge.place import listed, replace_list
from tests.edge.wired import Wired

pytestmark = pytest.mark.usefixtures("copied_program")

CLIENT = ip_address("203.0.113.1")
TO_REGISTERED = frame("wireguard", CLIENT, ip_address("192.0.2.1"), None)
TO_NOBODY = frame("ike", CLIENT, ip_address("203.0.113.2"), None)


@pytest.fixture
def guarding(wire: Wired) -> Iterator[Edge]:
    with wire.edge() as edge:
        replace_list(edge, listed())
        wire.attach(edge)
        yield edge


def ask(edge: Edge, last: EventsRead | None = None, **question: object) -> EventsRead:
    """Ask as one reader, who has read so far."""
    known = {"reader": last.reader, "after": last.after} if last else {}
    return edge.events.read(ReadEvents.model_validate({"rate": 1, **known, **question}), edge.turn)


def rate(edge: Edge) -> int:
    return int(edge.datapath.controls._sampling[0]["rate"])


def test_each_reader_has_all_of_its_own(wire: Wired, guarding: Edge) -> None:
    one, another = ask(guarding), ask(guarding, responders=True)
    wire.send([TO_REGISTERED, TO_NOBODY] * 3)
    one, another = ask(guarding, one), ask(guarding, another, responders=True)
    assert [event.address for event in one.events] == ["192.0.2.1", None] * 3
    assert [event.address for event in another.events] == ["192.0.2.1", "203.0.113.2"] * 3
    assert ask(guarding, one).events == [] == ask(guarding, another).events, "nothing comes twice"
    assert ask(guarding).events == [], "who comes later has not asked for it"


TO_OTHER_TERMS = frame("ike", CLIENT, ip_address("192.0.2.1"))
FROM_OTHER_TERMS = frame("ike", ip_address("192.0.2.1"), CLIENT)
LOCAL = [frame("ike", CLIENT, ip_address("224.0.0.5")), frame("ike", ip_address("169.254.0.1"), CLIENT)]


@pytest.mark.parametrize("responders", [False, True])
def test_an_end_listed_for_something_else_is_told_and_the_networks_own_is_not(
    wire: Wired, guarding: Edge, responders: bool
) -> None:
    replace_list(guarding, Allowlist.from_entries([Entry(ip_network("192.0.2.1"), ("wireguard",))]))
    said = ask(guarding, responders=responders)
    wire.send([TO_OTHER_TERMS, FROM_OTHER_TERMS, *LOCAL])
    events = ask(guarding, said, responders=responders).events
    assert [(event.reason, event.address) for event in events] == [
        *[("other_terms", "192.0.2.1")] * 2, *[("local", None)] * 2,
    ]  # fmt: skip


def test_the_one_who_wants_most_decides_and_others_get_their_share(wire: Wired, guarding: Edge) -> None:
    few = ask(guarding, rate=10)
    assert rate(guarding) == 10
    all_ = ask(guarding)
    assert rate(guarding) == 1
    wire.send([TO_NOBODY] * 100)
    few, all_ = ask(guarding, few, rate=10), ask(guarding, all_)
    assert (len(few.events), len(all_.events)) == (10, 100)
    ask(guarding, all_, leave=True)
    assert rate(guarding) == 10
    ask(guarding, few, rate=10, leave=True)
    assert rate(guarding) == 0


def test_who_reads_too_slowly_is_told_how_many_are_lost(
    wire: Wired, guarding: Edge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "AT_A_TIME", 20)
    guarding.events = events.SampledEvents(guarding.sampling, guarding.datapath.events(), kept=50)
    said = ask(guarding)
    wire.send([TO_NOBODY] * 80)
    said = ask(guarding, said)
    assert (said.missed, len(said.events)) == (30, 20)
    said = ask(guarding, said)
    assert (said.missed, len(said.events)) == (0, 20)


def test_sampling_ends_when_nobody_asks_any_more(wire: Wired, guarding: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "LASTS", 0.0)
    said = ask(guarding)
    wire.send([TO_NOBODY])
    assert rate(guarding) == 1
    guarding.sweep()
    assert rate(guarding) == 0
    assert not guarding.events._kept and not guarding.events._readers, "and nothing is kept"
    monkeypatch.setattr(events, "LASTS", 15.0)
    said = ask(guarding, said)
    assert rate(guarding) == 1 and said.events == [], "who comes back begins anew"
    guarding.sweep()
    assert rate(guarding) == 1


def test_a_reader_does_not_wait_long_for_a_turn(guarding: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "TURN_SECONDS", 0.2)
    with guarding.turn(), pytest.raises(Refused, match="too late"):
        ask(guarding)
    said = ask(guarding)
    with guarding.turn():
        assert ask(guarding, said).reader == said.reader, "and reads on without one"
