"""One thing that goes wrong, with traffic across the edge: what was lost, and how long the brake took."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from lab.faults.faults import Fault
from lab.faults.site import Site
from lab.traffic.exchange import Steady, SteadyPing
from lab.waiting import wait_for

LEAST = 10  # questions that each has asked before anything goes wrong: traffic that does not flow proves nothing
BRAKES = {
    "bypass": ("bypass", "on"),
    "policy": ("policy", "set", "all", "monitor"),
    "detach": ("detach",),
}
"""The ways to stop dropping, by the command."""


@dataclass(frozen=True)
class Row:
    """Something that goes wrong, and the brake that is pulled in the middle of it.

    Attributes:
        name: by which docs/failure.md names it.
        fault: what goes wrong.
        brake: of BRAKES.
    """

    name: str
    fault: Fault
    brake: str = "bypass"


@dataclass(frozen=True)
class Outcome:
    """What became of a row.

    Attributes:
        fault: its name, and the brake's.
        sent, lost: questions of registered sessions and of ordinary traffic, and those without an answer.
        brake_s: seconds from the command's start until unregistered packets came through.
        told: what the operator was told by that command.
    """

    fault: str
    sent: int
    lost: int
    brake_s: float
    told: str

    @property
    def as_it_must_be(self) -> bool:
        """Nothing of what must pass was lost, and the brake took a second at most."""
        return self.lost == 0 and self.brake_s <= 1.0


def measure(site: Site, row: Row) -> Outcome:
    """Let a row's fault happen to a settled edge, pull the brake in the middle of it, and settle the edge again."""
    with site.traffic() as pings:
        wait_for(lambda: all(ping.sent >= LEAST for ping in pings), "the traffic flows")
        with row.fault(site):
            brake_s, told = pull(site, row.brake)
        site.settle()
        tallies = [ping.stop() for ping in _finished(pings)]
    return Outcome(
        f"{row.name}/{row.brake}",
        sum(tally.sent for tally in tallies),
        sum(tally.lost for tally in tallies),
        round(brake_s, 3),
        told,
    )


def pull(site: Site, brake: str) -> tuple[float, str]:
    """Pull the brake; how many seconds that took until dropping had stopped, and what the command said."""
    said: list[str] = []
    watch = site.watch()
    with contextlib.ExitStack() as running:
        for ping in watch:
            running.enter_context(ping)
        wait_for(lambda: all(ping.sent >= LEAST for ping in watch), "the unregistered ask")
        assert not any(ping.tally().received for ping in watch), "something unregistered came through before the brake"
        began = time.monotonic()
        command = threading.Thread(target=lambda: said.append(site.edge.say(*BRAKES[brake])[1]))
        command.start()
        brake_s = _until_all_came_through(watch, began)
        command.join()
    return brake_s, said[0]


def _until_all_came_through(watch: list[SteadyPing], began: float) -> float:
    pause: Callable[[], bool] = lambda: all(ping.tally().received for ping in watch)  # noqa: E731
    wait_for(pause, "dropping has stopped", pause=0.005)
    return time.monotonic() - began


def _finished(pings: list[Steady]) -> list[Steady]:
    for ping in pings:
        ping.finish()
    return pings
