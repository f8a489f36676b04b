"""What enforcing would have refused, by the program's own counters; and where that is not known, so said."""

import threading
import time
from collections.abc import Iterator
from ipaddress import ip_address
from typing import Any

import pytest

from control.cli import preview as foreseeing
from control.datapath.probe.frames import frame
from control.edge.commands.answering import answer
from control.edge.edge import Edge
from control.edge.state.traffic import DAY, HOUR
from control.host import clock
from lab.waiting import wait_for
from tests.careful.guarded import push, ten
from tests.edge.place import Place, served
from tests.edge.wired import Wired

STRANGER, ELSEWHERE = ip_address("198.51.100.200"), ip_address("203.0.113.77")


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    now = [clock.now()]
    monkeypatch.setattr(clock, "now", lambda: now[0])
    yield now


def ask(edge: Edge, order: dict[str, Any]) -> Any:
    return answer(edge, order, b"")[0]


def preview(edge: Edge, share: int = 100, mode: str = "enforce") -> Any:
    policy = {"wireguard": {"mode": mode, "share": share}}
    return ask(edge, {"verb": "set_policy", "policy": policy, "dry_run": True}).preview[0]


def talk(wire: Wired, edge: Edge, count: int) -> None:
    before = sum(each.packets for each in edge.datapath.controls.counts())
    wire.send([frame("wireguard", STRANGER, ELSEWHERE, None)] * count)
    wait_for(lambda: sum(each.packets for each in edge.datapath.controls.counts()) >= before + count, "they are seen")


def test_on_a_new_edge_it_is_not_known(place: Place) -> None:
    with place.edge() as edge:
        said = preview(edge)
        assert (said.hour, said.day, said.known_s) == (None, None, 0)
        assert edge.policies.state.policy["wireguard"].mode == "monitor"


def test_it_is_what_was_counted_and_outlives_a_restart(wire: Wired, now: list[float]) -> None:
    with wire.edge() as edge:
        push(edge, ten())
        wire.attach(edge)
        talk(wire, edge, 120)
        now[0] += 60
        edge.sweep()
        said = preview(edge)
        assert (said.hour, said.day, said.known_s) == (2.0, 2.0, 60)
        assert preview(edge, 25).hour == 0.5
        assert preview(edge, 100, "monitor").hour == 0
        now[0] += HOUR + 1
        edge.sweep()
    with wire.edge() as edge:
        said = preview(edge)
        assert said.hour == 0.0
        assert said.day == pytest.approx(120 / (61 + HOUR), abs=1e-3)
        talk(wire, edge, 60)
        now[0] += 60
        edge.sweep()
        assert preview(edge).hour > 0


def test_a_day_of_minutes_becomes_hours_and_a_month_is_let_go(place: Place, now: list[float]) -> None:
    with place.edge() as edge:
        for _ in range(180):
            edge.store.traffic.note(60.0, {"wireguard": 6})
            now[0] += 60
        now[0] += DAY
        edge.store.traffic.merge()
        spans = edge.store.traffic.spans(10 * DAY)
        assert [(span.seconds, span.refusable) for span in spans] == [(HOUR, {"wireguard": 360})] * 3
        now[0] += 32 * DAY
        edge.store.traffic.merge()
        assert not edge.store.traffic.spans(100 * DAY)


def test_a_plan_with_a_date_says_what_its_first_share_would_refuse_and_looks_again(
    wire: Wired, now: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    with wire.edge() as edge:
        push(edge, ten())
        wire.attach(edge)
        order = {"verb": "rollout_start", "protocols": ["wireguard"], "date": time.time() + 9 * DAY}
        (plan,) = ask(edge, order).plans
        assert (plan.stage, plan.preview.share, plan.preview.day) == ("scheduled", 1, None)
        talk(wire, edge, 120)
        now[0] += 60
        edge.sweep()
        assert capsys.readouterr().out.count("a plan will start") == 1
        for hours, day in ((20, 0.02), (30, None)):
            for _ in range(hours):
                now[0] += HOUR
                edge.beat()
            assert ask(edge, {"verb": "rollout"}).plans[0].preview.day == day
        assert capsys.readouterr().out.count("a plan will start") == 2


def test_a_dry_run_looks_where_most_of_it_goes_and_keeps_nothing(wire: Wired) -> None:
    with wire.edge() as edge, served(edge):
        push(edge, ten())
        wire.attach(edge)

        def send() -> None:
            wait_for(lambda: edge.datapath.controls._sampling[0]["rate"] == 1, "it is sampled, each packet of so few")
            wire.send([frame("wireguard", STRANGER, ELSEWHERE)] * 5)
            wire.send([frame("wireguard", STRANGER, ip_address("192.0.2.1"))])

        sender = threading.Thread(target=send)
        sender.start()
        found = foreseeing.ends(edge.config, ("wireguard", "openvpn"), 2.0)
        sender.join()
        assert found == [("wireguard", f"{ELSEWHERE} port 51820", 5, False)]
