"""What becomes of the links of an edge. Each is there while its block lasts."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator

from control.commands.interfaces import Attach
from control.datapath.interfaces.attaching import Programs, attach
from control.datapath.program import pins
from lab.faults.faults import Fault
from lab.faults.site import Site
from lab.waiting import wait_for

SPARE = "spare"
MADE = f"link add {SPARE} type veth peer name {SPARE}-far"
OTHERWISE = "the-link-of-the-lab-by-a-longer-name"
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
    """A third guarded link vanishes, comes back, is renamed, and has its program taken off by somebody."""
    with _spare(site) as ip:
        site.edge.socket.ask(Attach(interface=SPARE))
        ip([f"link delete {SPARE}", MADE])
        wait_for(lambda: site.interface(SPARE).get("attached"), "it is guarded again")
        ip([f"link set {SPARE} name {SPARE}2", f"link set {SPARE}2 up"])  # of one that is down nothing is told
        wait_for(lambda: site.interface(f"{SPARE}2").get("attached"), "under its new name")
        ip([f"link set {SPARE}2 xdp off"])
        wait_for(lambda: "taken off" in (site.interface(f"{SPARE}2").get("trouble") or ""), "it is said")
        yield


@contextlib.contextmanager
def link_down_and_up(site: Site) -> Iterator[None]:
    """A third guarded link goes down and up: the program stays on it."""
    with _spare(site) as ip:
        site.edge.socket.ask(Attach(interface=SPARE))
        ip([f"link set {SPARE} up", f"link set {SPARE} down", f"link set {SPARE} up"])
        assert site.interface(SPARE)["attached"]
        yield


@contextlib.contextmanager
def named_otherwise(site: Site) -> Iterator[None]:
    """A third link is attached to, and detached from, by a name of those that it also has."""
    with _spare(site) as ip:
        ip([f"link property add dev {SPARE} altname {OTHERWISE}"])
        for order, is_guarded in (("attach", True), ("detach", False), ("attach", True)):
            status, said = site.edge.say(order, OTHERWISE)
            assert status == 0, said
            assert bool(site.interface(OTHERWISE).get("attached")) == is_guarded
        yield


@contextlib.contextmanager
def program_of_somebody_else(site: Site) -> Iterator[None]:
    """A third link has somebody else's program, which stays; ours is not there, and that is said."""
    with _spare(site), pins.temporary(site.edge.bpffs) as other:
        site.stage.edge.inside(lambda: attach(SPARE, "native", Programs(other.program)))
        status, said = site.edge.say("attach", SPARE)
        assert status == 1 and "program" in said, said
        yield


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


@contextlib.contextmanager
def _spare(site: Site) -> Iterator[Callable[[Iterable[str]], None]]:
    """Have a third link there meanwhile; gives what does something to links, by commands of ip-link(8)."""
    ip = site.stage.edge.ip_batch
    ip([MADE])
    try:
        yield ip
    finally:
        for name in (SPARE, f"{SPARE}2"):
            with contextlib.suppress(RuntimeError):
                ip([f"link delete {name}"])
            site.edge.say("detach", name)


LINKS: dict[str, Fault] = {
    "names-swapped": names_swapped,
    "names-swapped-agent-gone": names_swapped_and_agent_gone,
    "link-vanishes": link_vanishes,
    "link-down-and-up": link_down_and_up,
    "link-named-otherwise": named_otherwise,
    "program-of-somebody-else": program_of_somebody_else,
    "device-without-a-header": device_without_a_header,
    "generic-mode": generic_mode,
    "many-link-events": many_link_events,
}
"""By the name that docs/failure.md has for it."""
