"""The breaker's eye on what passes: it sees a cut within seconds, and nothing in days without one."""

import math
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import pytest

from control.rollout.breach import SETTLED, WATCHED, WINDOW, Passed, Rates, Watch

DAY = 24 * 3600
TIGHTENED_EVERY = 300  # s: so that some change is watched nearly all day
IN_TIME = 5.0  # s


def busy(hour: float) -> float:
    """How busy the network is at an hour of the day: a quiet night and a peak in the evening."""
    return 0.08 + 0.92 * max(0.0, math.sin(math.pi * (hour - 5) / 19)) ** 2 if 5 <= hour <= 24 else 0.08


@dataclass
class Day:
    """A day's traffic, in packets a second; what happens in it changes that for a while.

    Attributes:
        registered, unregistered, ordinary: at the busiest.
        seed: of what is random.
    """

    registered: float = 400.0
    unregistered: float = 120.0
    ordinary: float = 20_000.0
    seed: int = 1
    happens: Callable[[int, Rates], Rates] = lambda _at, rates: rates

    def seconds(self, start: int = 0, stop: int = DAY) -> Iterator[Passed]:
        """Yield what has passed, each second."""
        draw = random.Random(self.seed)
        sums = [0.0] * 4
        for at in range(start, stop):
            level = busy(at / 3600)
            jitter = [draw.gauss(1, 0.25) * (draw.random() > 0.02) for _ in range(3)]
            rates = Rates(
                max(0, self.registered * level * jitter[0]),
                max(0, self.unregistered * level * jitter[1]),
                max(0, self.unregistered * level * jitter[1] / 5),
                max(0, self.ordinary * level * jitter[2]),
            )
            rates = self.happens(at, rates)
            for place, rate in enumerate((rates.registered, rates.unregistered, rates.refused, rates.ordinary)):
                sums[place] += rate
            yield Passed(float(at), *map(int, sums))


def flood(at: int, rates: Rates) -> Rates:
    """Every hour, for ten minutes, unregistered handshakes by the hundred thousand."""
    return replace(rates, unregistered=200_000.0, refused=200_000.0) if at % 3600 < 600 else rates


def link_down(at: int, rates: Rates) -> Rates:
    """Every half hour nothing comes for a minute."""
    return Rates(0, 0, 0, 0) if at % 1800 < 60 else rates


def one_side_down(at: int, rates: Rates) -> Rates:
    """Every half hour the link of the registered servers is down for a minute; everybody else's is not."""
    return replace(rates, registered=0) if at % 1800 < 60 else rates


def quiet(_: int, rates: Rates) -> Rates:
    """A night with a few packets now and then."""
    return Rates(*(rate / 100 for rate in (rates.registered, rates.unregistered, rates.refused, rates.ordinary)))


ORDINARY_DAYS = [
    pytest.param(Day(), id="a daily peak"),
    pytest.param(Day(happens=flood), id="floods"),
    pytest.param(Day(happens=link_down), id="a link down"),
    pytest.param(Day(happens=one_side_down), id="the servers' link down"),
    pytest.param(Day(happens=quiet), id="a quiet night"),
    pytest.param(Day(registered=6, unregistered=300), id="few registered"),
]


@pytest.mark.parametrize("day", ORDINARY_DAYS)
def test_an_ordinary_day_with_many_changes_trips_nothing(day: Day) -> None:
    watch, armed, false = Watch(), 0, []
    for passed in day.seconds():
        if passed.at % TIGHTENED_EVERY == 0:
            watch.arm(passed.at)
        armed += watch.is_armed
        if wrong := watch.note(passed):
            false.append((passed.at, wrong))
    assert armed > DAY * WATCHED / TIGHTENED_EVERY / 2
    assert not false


@pytest.mark.parametrize("hour", [3, 8, 13, 20])
@pytest.mark.parametrize("seed", range(5))
def test_a_cut_is_seen_in_time(hour: int, seed: int) -> None:
    cut_at = hour * 3600 + seed

    def cut(at: int, rates: Rates) -> Rates:
        if at < cut_at:
            return rates
        return replace(
            rates, registered=0, unregistered=rates.unregistered + rates.registered, refused=rates.registered / 2
        )

    watch = Watch()
    for passed in Day(seed=seed, happens=cut).seconds(cut_at - 60, cut_at + 60):
        if passed.at == cut_at - 1:
            watch.arm(passed.at)
        if watch.note(passed):
            assert cut_at < passed.at <= cut_at + IN_TIME
            return
    pytest.fail("it was not seen")


def test_it_looks_soon_enough() -> None:
    assert WINDOW + SETTLED < IN_TIME
