"""One outage, played at an edge: what was lost meanwhile, how soon it was safe, and what the operator was told."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from lab.faults.row import LEAST
from lab.faults.site import Site
from lab.waiting import wait_for

AFTER = 2.0  # s of traffic after it is safe: what was lost late is lost, too


@dataclass(frozen=True)
class Safe:
    """How an outage ended.

    Attributes:
        safe_s: seconds from when it happened until the edge was safe: nobody is cut, and nobody will be.
        told: what the operator was told, and by what.
    """

    safe_s: float
    told: str


Scenario = Callable[[Site], Safe]
"""Plays an outage and returns once the edge is safe; raises AssertionError where it is not."""


@dataclass(frozen=True)
class Played:
    """What became of a scenario.

    Attributes:
        name: of it.
        sent, lost: questions of registered sessions and of ordinary traffic, and those without an answer.
        safe_s, told: as ``Safe`` has them.
    """

    name: str
    sent: int
    lost: int
    safe_s: float
    told: str


class Watch:
    """Tells how long something took."""

    def __init__(self) -> None:
        self._began = time.monotonic()

    def safe(self, told: str) -> Safe:
        """Say that it is safe now."""
        return Safe(round(time.monotonic() - self._began, 3), told)


def play(site: Site, name: str, scenario: Scenario) -> Played:
    """Play a scenario at a settled edge, with traffic across it, and settle the edge again."""
    with site.traffic() as pings:
        wait_for(lambda: all(ping.sent >= LEAST for ping in pings), "the traffic flows")
        safe = scenario(site)
        time.sleep(AFTER)
        for ping in pings:
            ping.finish()
        tallies = [ping.stop() for ping in pings]
    site.settle()
    sent, lost = sum(tally.sent for tally in tallies), sum(tally.lost for tally in tallies)
    return Played(name, sent, lost, safe.safe_s, safe.told)
