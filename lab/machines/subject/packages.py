"""The packages: installed on a bare machine, upgraded under traffic, removed and purged."""

from __future__ import annotations

import re
from pathlib import Path

from lab.machines.gateway import CONFIGURATION, DROPPED, PACKAGE, SERVICE
from lab.machines.lab import Lab
from lab.machines.machine import GUEST_DIRECTORY, Place
from lab.machines.sessions.kinds import site
from lab.machines.sessions.wireguard import WireGuard
from lab.machines.table import Failed
from lab.machines.traffic import asking, serving

API_PACKAGE = "wicketgate-api"
API_SERVICE = "wicket-api.service"
FEED_CREDENTIAL = "/etc/credstore/wicketgate.feed.url"
MOST_EXPOSED = {SERVICE: 4.0, API_SERVICE: 2.5}  # systemd-analyze(1), security; of 10
_INSTALL_SECONDS = 400
_INDEX = 20  # of the session that runs meanwhile
_WICKET_PATHS = "find / -xdev -iname '*wicket*' -not -path '/proc/*' -not -path '/etc/credstore/*'"
_LAB_FILES = f"-not -path '{GUEST_DIRECTORY}*' -not -path '/vagrant/*' -not -path '/home/vagrant/*'"


def install(lab: Lab) -> None:
    """From a machine without the package to a gateway that counts and touches nothing."""
    # A purge takes the credential of the feed as well, which provisioning gave.
    credential = lab.edge.run(f"cat {FEED_CREDENTIAL} 2>/dev/null || true")
    if lab.gateway.version():
        purge(lab.edge, PACKAGE)
    if credential:
        lab.edge.write(FEED_CREDENTIAL, credential)
    with lab.table.row("packages", "install the edge on a bare machine", "installed, wicketd is active") as row:
        install_from(lab.edge, lab.packages, PACKAGE)
        up = lab.gateway.wait_until_up()
        active = lab.edge.run(f"systemctl is-active {SERVICE} || true").strip()
        row.see(f"{lab.gateway.version()}, {SERVICE} {active}, answers after {up:.1f} s", active == "active")
    _starts_harmless(lab)
    _exposure(lab, lab.edge, SERVICE)
    _exposure(lab, lab.registry, API_SERVICE)


def upgrade(lab: Lab) -> None:
    """A newer version goes in while a registered session is asked a hundred times a second under enforce."""
    session = WireGuard(site(lab, _INDEX, 4))
    lab.gateway.guard(list_=[session.site.peers.server], enforce=True)
    before = lab.gateway.version()
    try:
        session.start()
        with lab.table.row("packages", "upgrade under traffic and enforce", "a newer version, 0 questions lost") as row:
            if not session.is_up(15):
                raise Failed("the registered session did not come up before the upgrade")
            inner = session.site.peers.inner
            with serving(lab.internet, inner.server), asking(lab.subscriber, inner) as flow:
                install_from(lab.edge, lab.newer, PACKAGE)
                lab.gateway.wait_until_up()
                said = flow.end()
            after = lab.gateway.version()
            seen = f"{before} to {after}, {said['sent']} asked, {said['lost']} lost"
            row.see(seen, after != before and said["lost"] == 0 and said["sent"] > 100)
        with lab.table.row("packages", "after the upgrade", "both guarded in native mode, enforce, the list") as row:
            seen, right = lab.gateway.stands("enforce")
            count = lab.gateway.live_count()
            row.see(f"{seen}, {count} on the list", right and count >= 1)
        with lab.table.row("packages", "a new session after the upgrade", "up") as row:
            session.stop()
            session.start()
            up = session.is_up(15)
            row.see("up" if up else "not up", up)
    finally:
        session.stop()
        lab.gateway.release()


def remove(lab: Lab) -> None:
    """Both packages on one machine: each goes alone, first its program, then what it kept."""
    if not lab.gateway.version():
        install_from(lab.edge, lab.packages, PACKAGE)
    lab.gateway.guard(enforce=True)
    with lab.table.row("packages", "the API beside the edge", "installed; `wicket` is still the edge's") as row:
        install_from(lab.edge, lab.packages, API_PACKAGE)
        link = _wicket_is(lab.edge)
        row.see(f"`wicket` is {link}", "/edge/" in link)
    with lab.table.row(
        "packages", "remove the edge", "detached, no unit, no pins, configuration kept, API runs"
    ) as row:
        lab.edge.run(f"apt-get -q remove -y {PACKAGE}", seconds=_INSTALL_SECONDS)
        for what, ok in _after_removal(lab).items():
            row.see(what, ok)
    _purged(lab, PACKAGE)
    _purged(lab, API_PACKAGE)
    with lab.table.row("packages", "after both purges", "no file and no unit of either") as row:
        left = lab.edge.run(
            f"{_WICKET_PATHS} {_LAB_FILES} 2>/dev/null || true; find /sys/fs/bpf -name '*wicket*'"
        ).split()
        listings = ("list-units --all", "list-unit-files")
        units = lab.edge.run("; ".join(f"systemctl {listing} --no-legend '*wicket*' || true" for listing in listings))
        group = lab.edge.run("getent group wicketgate || echo 'no group'").strip()
        row.see(
            f"{len(left)} files: {', '.join(left[:6]) or 'none'}; units: {units.strip() or 'none'}; {group}",
            not left and not units.strip(),
        )


def install_from(place: Place, directory: Path, package: str) -> None:
    """Install or upgrade a package from the .deb in a directory.

    Raises:
        Failed: the directory has not exactly one such file, or apt says no.
    """
    files = sorted(directory.glob(f"{package}_*_amd64.deb"))
    if len(files) != 1:
        raise Failed(f"{directory}: {len(files)} files {package}_*_amd64.deb; make deb writes one")
    there = f"{GUEST_DIRECTORY}/{files[0].name}"
    place.machine.put(files[0], there)
    keep = "-o Dpkg::Options::=--force-confold"
    install_ = f"apt-get -q install -y --no-install-recommends --allow-downgrades {keep} {there}"
    place.machine.run(f"DEBIAN_FRONTEND=noninteractive {install_}; rm {there}", seconds=_INSTALL_SECONDS)


def purge(place: Place, package: str) -> None:
    """Remove a package with everything that it kept."""
    place.machine.run(f"DEBIAN_FRONTEND=noninteractive apt-get -q purge -y {package}", seconds=_INSTALL_SECONDS)


def _starts_harmless(lab: Lab) -> None:
    with lab.table.row("packages", "a fresh install", "every policy monitor, nothing guarded, nothing dropped") as row:
        modes = {policy["mode"] for policy in lab.gateway.policies().values()}
        guarded = [name for name, state in lab.gateway.states().items() if state["attached"]]
        xdp = _with_a_program(lab)
        dropped = sum(packets for (_, reason), packets in lab.gateway.counts().items() if reason == DROPPED)
        seen = f"{'/'.join(sorted(modes))}, guarded: {', '.join(guarded) or 'none'}, dropped: {dropped}"
        row.see(seen, modes == {"monitor"} and not guarded and not xdp and not dropped)


def _exposure(lab: Lab, place: Place, unit: str) -> None:
    bound = MOST_EXPOSED[unit]
    with lab.table.row("packages", f"systemd-analyze security {unit}", f"exposure at most {bound}") as row:
        said = place.outside().run(f"systemd-analyze security --no-pager {unit}", check=False)
        exposure = re.search(r"exposure level for .*: ([0-9.]+)", said)
        if not exposure:
            raise Failed(f"{place.machine.name}: systemd-analyze says nothing of {unit}: {said[-200:]}")
        row.see(f"exposure {exposure[1]}", float(exposure[1]) <= bound)


def _after_removal(lab: Lab) -> dict[str, bool]:
    run = lab.edge.run
    xdp = _with_a_program(lab)
    unit = run(f"systemctl list-unit-files --no-legend {SERVICE} || true").strip()
    pins = run("find /sys/fs/bpf -name '*wicket*' | wc -l").strip()
    configured = lab.edge.succeeds(f"test -e {CONFIGURATION}")
    link = _wicket_is(lab.edge)
    api = run(f"systemctl is-active {API_SERVICE} || true").strip()
    return {
        f"guarded: {', '.join(xdp) or 'none'}": not xdp,
        f"unit: {unit or 'none'}": not unit,
        f"{pins} pins": pins == "0",
        "configuration kept" if configured else "configuration lost": configured,
        f"`wicket` is {link}": "/api/" in link,
        f"{API_SERVICE} {api}": api == "active",
    }


def _purged(lab: Lab, package: str) -> None:
    with lab.table.row("packages", f"purge {package}", "dpkg knows nothing of it") as row:
        purge(lab.edge, package)
        known = lab.edge.run(f"dpkg-query --show --showformat '${{db:Status-Status}}' {package} 2>/dev/null || true")
        row.see(known.strip() or "not known", known.strip() in ("", "not-installed"))


def _wicket_is(place: Place) -> str:
    return place.run("readlink -f /usr/bin/wicket || echo nothing").strip()


def _with_a_program(lab: Lab) -> list[str]:
    """The edge's interfaces on which the kernel has an XDP program, whoever's."""
    return [link["ifname"] for link in lab.edge.json("ip -details -json link") if "xdp" in link]
