"""Attaching while something is enforced cuts whoever is unregistered there: it is foreseen, and to be confirmed."""

from collections.abc import Iterator
from typing import Any

import pytest

from control.edge.commands.answering import answer
from control.edge.edge import Edge
from control.host import clock
from tests.edge.wired import Wired

pytestmark = pytest.mark.usefixtures("copied_program")

ENFORCED = {"esp": {"mode": "enforce", "share": 5}}


def enforce(edge: Edge) -> None:
    answer(edge, {"verb": "set_policy", "policy": ENFORCED, "confirm_within": 0}, b"")


@pytest.fixture
def edge(wire: Wired) -> Iterator[Edge]:
    with wire.edge() as edge:
        enforce(edge)
        yield edge


def attach(wire: Wired, edge: Edge, **more: Any) -> Any:
    return wire.inside(lambda: answer(edge, {"verb": "attach", "interface": "far", **more}, b"")[0])


def is_attached(wire: Wired, edge: Edge) -> bool:
    return bool(wire.states(edge)) and wire.states(edge)["far"].attached


def test_it_is_detached_again_unless_it_is_confirmed(wire: Wired, edge: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    done = attach(wire, edge)
    assert (done.attached, done.enforced, bool(done.token)) == (True, ["esp"], True)
    assert "who is unregistered is refused on it; how many that is, is not known" in done.warnings[-1]
    assert edge.confirmations.states[0].interface == "far"
    later = clock.now() + 601
    monkeypatch.setattr(clock, "now", lambda: later)
    wire.inside(edge.beat)
    assert not is_attached(wire, edge)
    assert "far is detached" in edge.confirmations.undone[0]


def test_confirmed_it_stays_and_is_not_asked_for_again(wire: Wired, edge: Edge) -> None:
    done = attach(wire, edge, confirm_within=60)
    answer(edge, {"verb": "confirm", "token": done.token}, b"")
    assert is_attached(wire, edge)
    assert (attach(wire, edge).token, edge.confirmations.states) == (None, [])


def test_nothing_waits_where_nothing_is_enforced(wire: Wired) -> None:
    with wire.edge() as edge:
        done = attach(wire, edge)
        assert (done.token, done.enforced, done.warnings) == (None, [], [])


def test_a_dry_run_attaches_nothing(wire: Wired, edge: Edge) -> None:
    said = attach(wire, edge, dry_run=True)
    assert (said.attached, said.enforced, said.token) == (False, ["esp"], None)
    assert not is_attached(wire, edge)


def test_what_a_dead_agent_left_unconfirmed_is_detached(wire: Wired) -> None:
    with wire.edge() as edge:
        enforce(edge)
        attach(wire, edge)
    with wire.edge() as again:
        assert not is_attached(wire, again)
        assert not again.confirmations.states
