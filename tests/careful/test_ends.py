"""Break-glass: an entry for a time, whose end is announced, and held while it is in use."""

from collections.abc import Iterator
from ipaddress import ip_address
from typing import Any

import pytest

from control.commands.list import ChangeList
from control.datapath.probe.frames import frame
from control.edge.commands.list import change
from control.edge.edge import Edge
from control.host import clock
from control.rollout.change import NONE
from lab.waiting import wait_for
from tests.careful.guarded import items, push, ten
from tests.edge.place import Place, is_let_through, listed
from tests.edge.wired import Wired

ADDRESS = "198.51.100.1"


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    now = [clock.now()]
    monkeypatch.setattr(clock, "now", lambda: now[0])
    yield now


def add(edge: Edge, lasts: float | None, address: str = ADDRESS) -> Any:
    body = listed([address]).pack()
    return change(edge, ChangeList(add_size=len(body), lasts=lasts, why="an outage"), body + NONE.pack())


def pass_by(edge: Edge, now: list[float], seconds: int) -> None:
    for _ in range(seconds):
        now[0] += 1
        edge.beat()


def test_it_is_live_at_once_announced_and_gone_after_its_time(place: Place, now: list[float]) -> None:
    with place.edge() as edge:
        push(edge, ten())
        add(edge, 10)
        assert is_let_through(edge, ADDRESS)
        [end] = edge.ends.states
        assert (end.prefix, end.left_s, end.reason) == (ADDRESS, 10, "an outage")
        pass_by(edge, now, 9)
        assert is_let_through(edge, ADDRESS)
        pass_by(edge, now, 1)
        assert not is_let_through(edge, ADDRESS)
        assert not edge.ends.states


def test_while_it_is_in_use_its_end_is_held(wire: Wired, now: list[float]) -> None:
    with wire.edge() as edge:
        push(edge, ten())
        wire.attach(edge)
        add(edge, 3)
        wire.send([frame("wireguard", ip_address("192.0.2.200"), ip_address(ADDRESS), None)])
        wait_for(lambda: edge.datapath.controls.counts(), "it is seen")
        pass_by(edge, now, 4)
        assert is_let_through(edge, ADDRESS)
        [item] = items(edge)
        assert item.why == [f"{ADDRESS} has come to its end, and is in use"]


def test_a_restart_goes_on_with_the_time_that_is_left(place: Place, now: list[float]) -> None:
    with place.edge() as edge:
        push(edge, ten())
        add(edge, 10)
        pass_by(edge, now, 5)
    now[0] += 1000
    with place.edge() as edge:
        assert is_let_through(edge, ADDRESS)
        pass_by(edge, now, 11)
        assert not is_let_through(edge, ADDRESS)


def test_who_adds_it_for_good_takes_its_end_away(place: Place, now: list[float]) -> None:
    with place.edge() as edge:
        push(edge, ten())
        add(edge, 5)
        add(edge, None)
        assert not edge.ends.states
        pass_by(edge, now, 10)
        assert is_let_through(edge, ADDRESS)
