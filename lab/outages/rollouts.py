"""Outages by what is turned on, or cut, in one go: a policy, the operator's own way in, an expiry."""

from __future__ import annotations

import json

from lab.faults.registry import Registry, followed
from lab.faults.site import Site
from lab.outages.lists import empty_list, wait_until_live
from lab.outages.scenario import Safe, Watch
from lab.waiting import wait_for

WITHIN = "3s"
EXPIRING, AT_ONCE = 2000, 250  # registrations, and those of one application


def global_in_seconds(site: Site) -> Safe:
    """Cloudflare, July 2019: everything enforced at once; and that with a list that somebody has emptied by force."""
    site.edge.wicket("policy", "set", "all", "monitor")
    steps = site.edge.say("policy", "set", "all", "enforce")[1]
    shares = {rule["share"] for rule in json.loads(site.edge.wicket("policy", "get", "--json")).values()}
    assert shares == {1}, steps
    site.edge.wicket("rollout", "undo", "all")
    watch = Watch()
    status, said = empty_list(site, "--override")
    assert status == 0, said
    site.edge.wicket("policy", "set", "all", "enforce", "--share", "100")
    wait_for(lambda: site.status()["undone"], "the breaker acts", pause=0.02)
    wait_until_live(site, site.servers)
    # How long that took is told, not held: other work on the machine decides it too.
    return watch.safe(f"{steps.splitlines()[0]} / undid itself: {site.status()['undone'][-1]}")


def tools_hang_on_what_was_cut(site: Site) -> Safe:
    """Facebook, October 2021: the operator's own way in runs over a VPN that the change cuts."""
    console = next(session for session in site.registered if session.name.lower().startswith("wireguard"))
    watch = Watch()
    status, told = site.edge.say("allow", "remove", console.server_address, "--confirm-within", WITHIN)
    assert status == 0 and "undoes itself" in told, told
    assert site.status()["to_confirm"], told
    wait_for(lambda: not site.status()["to_confirm"], "it undoes itself", pause=0.05)
    wait_until_live(site, [console.server_address])
    return watch.safe(f"{told} / {site.status()['undone'][-1]}")


def certificate_expires(site: Site) -> Safe:
    """O2 and Ericsson, December 2018: thousands of registrations end in the same second, those in use among them."""
    with followed(site) as registry:
        for first in range(0, EXPIRING, AT_ONCE):
            registry.approve(*(f"45.84.{n >> 8}.{n & 255}" for n in range(first, first + AT_ONCE)))
        count = EXPIRING + len(site.servers)
        wait_for(lambda: site.status()["feed"]["count"] == count, "all of them are live")
        watch = Watch()
        _end_all(registry)
        wait_for(lambda: site.status()["held"], "what would be cut is held", pause=0.02)
        wait_until_live(site, site.servers)
        told = site.edge.wicket("held", "show", "feed")
        safe = watch.safe(" / ".join(line.strip() for line in told.splitlines()[:5]))
        busy = [each.server_address for each in site.registered if each.name.lower().startswith(("wireguard", "ike"))]
        assert all(server in told for server in busy), told  # of OpenVPN only what opens a session is told from others
    return safe


def _end_all(registry: Registry) -> None:
    """Have everything leave the registry's list in one serial, as one expiry would."""
    registry.revoke_all()
