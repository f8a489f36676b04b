"""What becomes of the links of an edge. Each is there while its block lasts."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from control.commands.interfaces import Attach
from lab.faults.faults import Fault
from lab.faults.site import Site
from lab.waiting import wait_for

SPARE = "spare"
BRIDGE = "slow"


@contextlib.contextmanager
def names_swapped(site: Site) -> Iterator[None]:
    """The two guarded links swap their names."""
    near, far = site.stage.edge_interfaces
    swap = [f"link set {near} name {SPARE}", f"link set {far} name {near}", f"link set {SPARE} name {far}"]
    site.stage.edge.ip_batch(swap)
    try:
        yield
    finally:
        site.stage.edge.ip_batch(swap)


@contextlib.contextmanager
def names_swapped_and_agent_gone(site: Site) -> Iterator[None]:
    """The two guarded links swap their names while there is no agent."""
    site.edge.end_agent()
    with names_swapped(site):
        yield


@contextlib.contextmanager
def link_vanishes(site: Site) -> Iterator[None]:
    """A third guarded link vanishes, comes back, is renamed, and loses its program to somebody else."""
    ip = site.stage.edge.ip_batch
    made = f"link add {SPARE} type veth peer name {SPARE}-far"
    ip([made])
    try:
        site.edge.socket.ask(Attach(interface=SPARE))
        ip([f"link delete {SPARE}", made])
        wait_for(lambda: site.interface(SPARE).get("attached"), "it is guarded again")
        ip([f"link set {SPARE} name {SPARE}2"])
        wait_for(lambda: site.interface(f"{SPARE}2").get("attached"), "under its new name")
        ip([f"link set {SPARE}2 xdp off"])
        wait_for(lambda: "taken off" in (site.interface(f"{SPARE}2").get("trouble") or ""), "it is said")
        yield
    finally:
        with contextlib.suppress(RuntimeError):
            ip([f"link delete {SPARE}2"])


@contextlib.contextmanager
def device_without_a_header(site: Site) -> Iterator[None]:
    """A tun device is to be guarded, and is refused."""
    site.stage.edge.ip_batch([f"tuntap add dev {SPARE} mode tun"])
    try:
        status, said = site.edge.say("attach", SPARE)
        assert status == 1 and "Ethernet header" in said, said
        yield
    finally:
        site.stage.edge.ip_batch([f"link delete {SPARE}"])


@contextlib.contextmanager
def generic_mode(site: Site) -> Iterator[None]:
    """A third link's driver has no native mode: it is guarded in generic mode, and what that does not see is said."""
    site.stage.edge.ip_batch([f"link add {BRIDGE} type bridge", f"link set {BRIDGE} up"])
    try:
        status, said = site.edge.say("attach", BRIDGE)
        assert status == 0 and "merged" in said, said
        yield
    finally:
        site.edge.say("detach", BRIDGE)
        site.stage.edge.ip_batch([f"link delete {BRIDGE}"])


@contextlib.contextmanager
def many_link_events(site: Site) -> Iterator[None]:
    """Links come and go by the hundred."""
    for number in range(3):
        site.stage.edge.ip_batch(f"link add f{number}x{n} type veth peer name g{number}x{n}" for n in range(100))
        site.stage.edge.ip_batch(f"link delete f{number}x{n}" for n in range(100))
    yield


LINKS: dict[str, Fault] = {
    "names-swapped": names_swapped,
    "names-swapped-agent-gone": names_swapped_and_agent_gone,
    "link-vanishes": link_vanishes,
    "device-without-a-header": device_without_a_header,
    "generic-mode": generic_mode,
    "many-link-events": many_link_events,
}
"""By the name that docs/failure.md has for it."""
