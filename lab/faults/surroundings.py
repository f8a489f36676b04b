"""What surrounds an edge: the machine's boots and clocks, its bpffs, who asks. Each is there while its block lasts."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from ipaddress import ip_address, ip_network

from control.allowlist.allowlist import Allowlist
from control.allowlist.entry import Entry
from control.commands.list import ChangeList
from control.rollout.change import SMALL
from lab.command import run
from lab.faults.faults import Fault
from lab.faults.site import Site
from lab.waiting import wait_for

MEMBER = 64123  # a user's id, and the socket's group's
AHEAD = 86_400  # s by which the clock of the time namespace is ahead
LENGTHS = range(9, 32)


@contextlib.contextmanager
def rebooted(site: Site) -> Iterator[None]:
    """The machine has started anew: no program and no pin is there, and the agent guards by what is on its disk."""
    site.edge.end_agent()
    site.stage.edge.ip_batch(f"link set {name} xdp off" for name in site.stage.edge_interfaces)
    shutil.rmtree(site.edge.pins)
    site.edge.start_agent()
    wait_for(site.drops, "it is enforced again")
    yield


@contextlib.contextmanager
def pins_unmounted(site: Site) -> Iterator[None]:
    """The bpffs is unmounted under an agent that runs: small changes work, a whole list is refused."""
    run("umount", "--lazy", str(site.edge.bpffs))
    try:
        site.add("192.0.2.202")
        whole = [*site.servers, *(f"198.18.{number // 256}.{number % 256}" for number in range(SMALL + 1))]
        answer = site.edge.put("\n".join(whole).encode(), Content_Type="text/csv")
        assert answer.kind == "bad-pins", answer
        yield
    finally:
        run("mount", "-t", "bpf", "bpf", str(site.edge.bpffs))
        wait_for(lambda: site.status()["pinned"], "what the agent holds is pinned again")


@contextlib.contextmanager
def started_after(site: Site) -> Iterator[None]:
    """The agent is killed and started after the brake was pulled: it is not undone."""
    yield
    site.edge.end_agent()
    site.edge.start_agent()
    assert not site.drops(), "a start undid the brake"


@contextlib.contextmanager
def agent_started(site: Site) -> Iterator[None]:
    """The agent ends and starts: it still knows which entries had traffic, and so who would be cut."""
    seen = wait_for(site.in_use, "servers have been seen")  # one in mid-session is, when it next asks for keys
    site.edge.stop_agent()
    site.edge.start_agent()
    assert site.in_use() >= seen, "a start has forgotten who had traffic"
    yield


@contextlib.contextmanager
def in_a_time_namespace(site: Site) -> Iterator[None]:
    """The agent lives in a time namespace, whose clock is a day ahead: the lease is by the host's."""
    site.edge.end_agent()
    ahead = ("unshare", "--time", f"--monotonic={AHEAD}", "--fork", "--kill-child", "sleep", "infinity")
    with subprocess.Popen(ahead) as keeper:
        try:
            children = f"/proc/{keeper.pid}/task/{keeper.pid}/children"
            wait_for(lambda: run("cat", children).strip(), "the namespace is there")
            site.edge.launch_agent("nsenter", f"--time=/proc/{run('cat', children).split()[0]}/ns/time")
            site.edge.wait("/readyz", 200)
            site.edge.wait_for_lease()
            left = site.status()["lease"]
            assert 0 < left["left"] <= left["seconds"], left
            wait_for(site.drops, "it drops")
            yield
        finally:
            site.edge.end_agent()
            keeper.kill()  # with its child


@contextlib.contextmanager
def asked_by_a_member(site: Site) -> Iterator[None]:
    """Who looks and who pulls the brake is no root, but a member of the socket's group."""
    for directory in (site.stage.directory, site.edge.socket.path.parent):
        directory.chmod(0o711)
    os.chown(site.edge.socket.path, 0, MEMBER)
    member = ("setpriv", f"--reuid={MEMBER}", f"--regid={MEMBER}", "--clear-groups")
    with site.edge.entered_by(*site.stage.edge.enter(), *member):
        status, said = site.edge.say("status")
        assert status == 0, said
        _, said = site.edge.say("doctor")  # which finds the lab's disk small
        assert "compiles and loads" in said and "Traceback" not in said, said
        yield


@contextlib.contextmanager
def lengths_left_behind(site: Site) -> Iterator[None]:
    """Prefixes of many lengths come and go: none of the lengths is looked up any longer than it is there."""
    inside = ip_address("128.0.0.0")
    prefixes = Allowlist.from_entries([Entry(ip_network((inside, length))) for length in LENGTHS])
    packed, empty = prefixes.pack(), Allowlist.empty().pack()
    site.edge.socket.ask(ChangeList(add_size=len(packed)), packed + empty)
    site.edge.socket.ask(ChangeList(add_size=len(empty)), empty + packed)
    wait_for(lambda: site.edge.lengths(inside).isdisjoint(LENGTHS), "the lengths are not looked up any more")
    yield


SURROUNDINGS: dict[str, Fault] = {
    "rebooted": rebooted,
    "pins-unmounted": pins_unmounted,
    "agent-started": agent_started,
    "agent-started-afterwards": started_after,
    "in-a-time-namespace": in_a_time_namespace,
    "asked-by-a-member": asked_by_a_member,
    "lengths-left-behind": lengths_left_behind,
}
"""By the name that docs/failure.md has for it."""
