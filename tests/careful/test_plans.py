"""Plans of an edge: steps while nothing hinders it; killed at any stage one goes on or falls back, never forward."""

import contextlib
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from control.config.rollout import RolloutSettings
from control.datapath.controls import Policy
from control.edge.commands.answering import answer
from control.edge.edge import Edge
from control.fault import Kind, Refused
from control.host import clock
from tests.edge.place import Place, policies_of, set_policies

SHARES, SOAK = (1, 5, 25, 100), 10
DAY = 24 * 3600.0


@pytest.fixture
def place(place: Place) -> Place:
    """A place where nothing has to be confirmed."""
    settings = RolloutSettings.model_validate({"shares": SHARES, "soak": f"{SOAK}s", "confirm_first": "0s"})
    return replace(place, config=place.config.model_copy(update={"rollout": settings}))


@pytest.fixture
def clocks(monkeypatch: pytest.MonkeyPatch) -> Iterator["Clocks"]:
    """Clocks that a test moves."""
    clocks = Clocks(clock.now(), time.time())
    monkeypatch.setattr(clock, "now", lambda: clocks.monotonic)
    monkeypatch.setattr(time, "time", lambda: clocks.wall)
    yield clocks


class Clocks:
    """The monotonic clock and the wall clock."""

    def __init__(self, monotonic: float, wall: float) -> None:
        self.monotonic, self.wall = monotonic, wall

    def pass_by(self, edge: Edge, seconds: int, wall: float | None = None) -> None:
        """Let time pass while the agent looks once a second; the wall clock goes ``wall`` a second."""
        for _ in range(seconds):
            self.monotonic += 1
            self.wall += 1 if wall is None else wall
            edge.beat()


def ask(edge: Edge, verb: str, **arguments: Any) -> Any:
    return answer(edge, {"verb": verb, "protocols": ["wireguard"], **arguments}, b"")[0]


def share(edge: Edge, protocol: str = "wireguard") -> int:
    return policies_of(edge)[protocol].dropped_share


def stage(edge: Edge) -> str:
    return edge.plans.states[0].stage


def working(edge: Edge) -> Edge:
    edge.lease.renew()
    return edge


def test_it_goes_from_share_to_share(place: Place, clocks: Clocks) -> None:
    with place.edge() as edge:
        ask(working(edge), "rollout_start")
        seen = [share(edge)]
        for _ in range(3):
            clocks.pass_by(edge, SOAK - 1)
            assert share(edge) == seen[-1]
            clocks.pass_by(edge, 1)
            seen.append(share(edge))
        assert (tuple(seen), stage(edge)) == (SHARES, "done")
        clocks.pass_by(edge, 3 * SOAK)
        assert share(edge) == 100


def test_it_begins_above_what_is_enforced(place: Place) -> None:
    with place.edge() as edge:
        set_policies(edge, {"wireguard": {"mode": "enforce", "share": 5}})
        ask(edge, "rollout_start")
        assert share(edge) == 25
        ask(edge, "rollout_undo")
        assert (share(edge), stage(edge)) == (5, "undone")
        with pytest.raises(Refused) as refused:
            ask(edge, "rollout_start", shares=[1, 5])
        assert refused.value.kind == Kind.INVALID


def test_paused_it_stays_and_resumed_it_soaks_anew(place: Place, clocks: Clocks) -> None:
    with place.edge() as edge:
        ask(working(edge), "rollout_start")
        clocks.pass_by(edge, SOAK - 1)
        ask(edge, "rollout_pause")
        clocks.pass_by(edge, 2 * SOAK)
        assert (share(edge), stage(edge)) == (1, "paused")
        ask(edge, "rollout_resume")
        clocks.pass_by(edge, SOAK - 1)
        assert share(edge) == 1
        clocks.pass_by(edge, 1)
        assert share(edge) == 5


def test_who_sets_the_policy_ends_its_plan(place: Place, clocks: Clocks) -> None:
    with place.edge() as edge:
        ask(working(edge), "rollout_start")
        set_policies(edge, {"wireguard": {"mode": "enforce", "share": 3}})
        clocks.pass_by(edge, 2 * SOAK)
        assert (share(edge), stage(edge)) == (3, "stopped")


def test_what_is_loosened_past_the_agent_pauses_it(place: Place, clocks: Clocks) -> None:
    with place.edge() as edge:
        ask(working(edge), "rollout_start")
        edge.datapath.controls.set_policies({"wireguard": Policy()}, loosened=True)
        clocks.pass_by(edge, 2 * SOAK)
        assert (share(edge), stage(edge)) == (0, "paused")


def test_it_waits_while_something_speaks_against_it(place: Place, clocks: Clocks) -> None:
    with place.edge() as edge:
        ask(working(edge), "rollout_start")
        with edge.turn() as turn:
            edge.bypass.set(turn, True)
        clocks.pass_by(edge, 2 * SOAK)
        assert (share(edge), edge.plans.states[0].why) == (1, "waits: the brake is on")
        with edge.turn() as turn:
            edge.bypass.set(turn, False)
        clocks.pass_by(edge, 1)
        assert share(edge) == 5


@pytest.mark.parametrize(("step", "rate"), [(DAY, 1), (-DAY, 1), (10 * DAY, 1), (0, 0), (0, -1), (-DAY, 0)], ids=str)
def test_no_step_of_the_wall_clock_starts_a_plan(place: Place, clocks: Clocks, step: float, rate: float) -> None:
    with place.edge() as edge:
        ask(working(edge), "rollout_start", date=clocks.wall + DAY)
        clocks.wall += step
        clocks.pass_by(edge, 30, rate)
        assert (share(edge), stage(edge)) == (0, "scheduled")
    with place.edge() as edge:
        clocks.pass_by(working(edge), 30, rate)
        assert (share(edge), stage(edge)) == (0, "scheduled")


@pytest.mark.parametrize("step", [DAY, -DAY])
def test_no_step_of_the_wall_clock_hastens_or_undoes_one_that_runs(place: Place, clocks: Clocks, step: float) -> None:
    with place.edge() as edge:
        ask(working(edge), "rollout_start")
        clocks.pass_by(edge, 3)
        clocks.wall += step
        clocks.pass_by(edge, SOAK - 4)
        assert share(edge) == 1
        clocks.pass_by(edge, 1)
        assert share(edge) == 5


def test_it_starts_on_its_date_and_can_be_moved_until_then(place: Place, clocks: Clocks) -> None:
    with place.edge() as edge:
        ask(working(edge), "rollout_start", date=clocks.wall + 20)
        ask(edge, "rollout_move", date=clocks.wall + 30)
        clocks.pass_by(edge, 29)
        assert share(edge) == 0
        clocks.pass_by(edge, 2)
        assert share(edge) == 1
        with pytest.raises(Refused) as refused:
            ask(edge, "rollout_move", date=clocks.wall + 30)
        assert refused.value.kind == Kind.CONFLICT


class KilledError(BaseException):
    """The agent is gone."""


@pytest.mark.parametrize("at", range(12))
@pytest.mark.parametrize("held", [0, 2])
def test_killed_at_any_write_it_goes_on_or_falls_back(
    place: Place, clocks: Clocks, monkeypatch: pytest.MonkeyPatch, held: int, at: int
) -> None:
    """The agent dies at one of the writes of a step: to the kernel, to the disk, before or after it."""
    with place.edge() as edge:
        ask(working(edge), "rollout_start")
        clocks.pass_by(edge, held * SOAK)
        before = share(edge)
        count = [0]

        def dying(write: Any) -> Any:
            def either(*arguments: Any, **named: Any) -> Any:
                for moment in ("before", "after"):
                    if moment == "after":
                        result = write(*arguments, **named)
                    if count[0] == at:
                        raise KilledError
                    count[0] += 1
                return result

            return either

        with monkeypatch.context() as patched:
            patched.setattr(edge.datapath.controls, "set_policies", dying(edge.datapath.controls.set_policies))
            patched.setattr(edge.datapath.controls, "note_policies", dying(edge.datapath.controls.note_policies))
            patched.setattr(edge.store, "keep_policies", dying(edge.store.keep_policies))
            patched.setattr(edge.store.waiting, "keep", dying(edge.store.waiting.keep))
            with contextlib.suppress(KilledError):
                clocks.pass_by(edge, SOAK)
        reached = SHARES[min(held + 1, 3)]
        assert share(edge) in (before, reached)
    with place.edge() as edge:
        assert share(edge) <= reached
        again = share(edge)
        clocks.pass_by(working(edge), SOAK - 2)
        assert share(edge) <= max(again, before), "what was not noted as reached soaks anew"
        clocks.pass_by(edge, 4 * SOAK)
        assert share(edge) == 100 or stage(edge) == "paused"


def test_a_plan_damaged_on_disk_tightens_nothing(place: Place, clocks: Clocks) -> None:
    with place.edge() as edge:
        ask(working(edge), "rollout_start")
    place.sql("UPDATE waiting SET said = replace(said, 'running', 'runnimg')")
    with place.edge() as edge:
        clocks.pass_by(working(edge), 3 * SOAK)
        assert (share(edge), edge.plans.states) == (1, [])
