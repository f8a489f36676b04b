"""Outages of what an edge stands on: its registry, its agent, its disk, its pins."""

from __future__ import annotations

import contextlib
import threading
import time

from lab.faults.happenings import pins_removed, pins_removed_and_agent_gone
from lab.faults.registry import registry_gone
from lab.faults.site import Site
from lab.outages.lists import put_back, wait_until_live
from lab.outages.scenario import Safe, Watch
from lab.waiting import wait_for

AWAY = 3.0  # s for which the registry is looked for and not there
LONG = 60_000  # entries of the list that is replaced while the agent is killed
KILLS = 4
ADDED = 15_000  # entries, for which a full disk has no room


def repository_goes_stale(site: Site) -> Safe:
    """RPKI, several: the registry is gone, and the agent starts without it."""
    watch = Watch()
    with registry_gone(site):
        wait_for(lambda: site.status()["feed"]["contact"]["trouble"], "the agent says that it is gone")
        safe = watch.safe(str(site.status()["feed"]["contact"]["trouble"]))
        time.sleep(AWAY)
        assert site.status()["feed"]["contact"]["lag_s"] > AWAY / 2
        wait_until_live(site, site.servers)
    return safe


def everyday(site: Site) -> Safe:
    """The agent killed at any instant of a replacement, the disk full, the pins removed."""
    rows = [*site.servers, *(f"203.{n >> 16}.{n >> 8 & 255}.{n & 255}" for n in range(LONG))]
    body = "\n".join(rows).encode()
    watch = Watch()
    for number in range(KILLS):
        _push_and_kill(site, body, 0.15 * number)
        wait_until_live(site, site.servers)
    with site.edge.disk.full():
        answer = site.edge.patch({"add": [f"192.1.{n >> 8}.{n & 255}" for n in range(ADDED)]})
        assert answer.status == 200, answer.body
        told = f"{answer.json['added']:,} added on a full disk; not kept: {answer.json['not_kept'] or 'nothing'}"
    for fault in (pins_removed, pins_removed_and_agent_gone):
        with fault(site):
            if not site.edge.is_running():
                site.edge.start_agent()
        wait_for(lambda: site.status()["pinned"], "it is pinned again")
        wait_until_live(site, site.servers)
    safe = watch.safe(told)
    put_back(site)
    return safe


def _push_and_kill(site: Site, body: bytes, after: float) -> None:
    """Replace the list, and kill the agent meanwhile."""

    def push() -> None:
        with contextlib.suppress(OSError):
            site.edge.put(body, Content_Type="text/csv")

    pushing = threading.Thread(target=push)
    pushing.start()
    time.sleep(after)
    site.edge.end_agent()
    pushing.join()
    site.edge.start_agent()
