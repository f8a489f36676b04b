"""A plan as a value: its time is what somebody has looked at, and no step of a wall clock starts or hastens it."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from control.rollout.plan import RolloutPlan, Stage

DAY = 24 * 3600.0
NOON = 1_800_000_000.0
PLAN = RolloutPlan("wireguard", (1, 5, 25, 100), 3600.0, ("monitor", 100))


def test_each_share_soaks_and_the_last_is_the_end() -> None:
    plan, shares = PLAN, []
    for _ in range(4):
        assert plan.is_due
        plan = plan.advanced()
        shares.append(plan.share)
        assert not plan.is_due
        assert not plan.passed(3599.9, NOON).is_due
        plan = plan.passed(3600.0, NOON)
    assert (shares, plan.stage, plan.next_share, plan.is_due) == ([1, 5, 25, 100], Stage.DONE, None, False)


@pytest.mark.parametrize("wall", [NOON + DAY, NOON + 400 * DAY, NOON - DAY, NOON, 0.0])
def test_no_step_of_the_wall_clock_starts_it(wall: float) -> None:
    plan = PLAN.moved(NOON + DAY, NOON)
    assert plan.passed(60.0, wall).stage is Stage.SCHEDULED


def test_it_starts_when_clock_and_time_agree() -> None:
    plan = PLAN.moved(NOON + 120, NOON)
    assert plan.passed(119.0, NOON + 120).stage is Stage.SCHEDULED
    assert plan.passed(120.0, NOON + 119).stage is Stage.SCHEDULED, "the clock was set back, or stands"
    assert plan.passed(120.0, NOON + 120).stage is Stage.RUNNING


@given(st.lists(st.tuples(st.floats(0, 5), st.floats(0, 4e9)), max_size=60))
def test_no_more_than_the_time_that_passed_counts(looks: list[tuple[float, float]]) -> None:
    plan = replace(PLAN, soak=10.0)
    steps, passed = 0, 0.0
    for seconds, wall in looks:
        passed += seconds
        plan = plan.passed(seconds, wall)
        if plan.is_due:
            plan, steps = plan.advanced(), steps + 1
    assert steps <= 1 + passed / 10


@pytest.mark.parametrize("stage", [Stage.PAUSED, Stage.UNDONE, Stage.STOPPED, Stage.DONE])
def test_what_does_not_run_takes_no_step(stage: Stage) -> None:
    plan = replace(PLAN.advanced(), stage=stage).passed(10 * DAY, NOON)
    assert not plan.is_due


def test_who_goes_on_soaks_anew() -> None:
    plan = PLAN.advanced().passed(3000.0, NOON).paused("why").resumed()
    assert (plan.stage, plan.soaked, plan.share, plan.why) == (Stage.RUNNING, 0.0, 1, "")
    scheduled = PLAN.moved(NOON + DAY, NOON).paused("why").resumed()
    assert scheduled.stage is Stage.SCHEDULED
