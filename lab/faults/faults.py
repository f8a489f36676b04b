"""What fails under the brake: the disk, the agent, the bpffs, the lock. Each is there while its block lasts."""

from __future__ import annotations

import contextlib
import fcntl
import os
import resource
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

from lab.command import run
from lab.faults.site import Site
from lab.waiting import wait_for

Fault = Callable[[Site], AbstractContextManager[None]]


@contextlib.contextmanager
def disk_full(site: Site) -> Iterator[None]:
    """The disk has no room, under an agent that runs."""
    with site.edge.disk.full():
        yield


@contextlib.contextmanager
def disk_read_only(site: Site) -> Iterator[None]:
    """The disk has turned read-only, under an agent that runs."""
    site.edge.disk.fail()
    try:
        yield
    finally:
        site.edge.end_agent()
        site.edge.stop_api()
        site.edge.disk.mend()
        site.edge.start_api()


@contextlib.contextmanager
def stopped(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """Have a process do nothing meanwhile."""
    process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        process.send_signal(signal.SIGCONT)


@contextlib.contextmanager
def agent_hung(site: Site) -> Iterator[None]:
    """The agent is stopped, and goes on afterwards."""
    with stopped(site.edge.agent):
        yield


@contextlib.contextmanager
def agent_looping(site: Site) -> Iterator[None]:
    """The agent's loop turns for good in one place."""
    site.edge.agent.send_signal(signal.SIGUSR2)
    wait_for(lambda: _used(site.edge.agent.pid), "it loops")
    try:
        yield
    finally:
        site.edge.end_agent()


@contextlib.contextmanager
def agent_gone(site: Site) -> Iterator[None]:
    """The agent was killed."""
    site.edge.end_agent()
    yield


@contextlib.contextmanager
def descriptors_used_up(site: Site) -> Iterator[None]:
    """The agent can open nothing any more."""
    pid = site.edge.agent.pid
    before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    held = len(list(Path(f"/proc/{pid}/fd").iterdir()))
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (held, before[1]))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_NOFILE, before)


@contextlib.contextmanager
def pins_read_only(site: Site) -> Iterator[None]:
    """The bpffs is mounted read-only."""
    run("mount", "-o", "remount,ro", str(site.edge.bpffs))
    try:
        yield
    finally:
        run("mount", "-o", "remount,rw", str(site.edge.bpffs))


@contextlib.contextmanager
def lock_held(site: Site) -> Iterator[None]:
    """The agent is gone, and something else holds the instance's lock."""
    site.edge.end_agent()
    lock = os.open(site.edge.pins, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


FAULTS: dict[str, Fault] = {
    "disk-full": disk_full,
    "disk-read-only": disk_read_only,
    "agent-hung": agent_hung,
    "agent-looping": agent_looping,
    "agent-gone": agent_gone,
    "descriptors-used-up": descriptors_used_up,
    "pins-read-only": pins_read_only,
    "lock-held": lock_held,
}
"""By the name that docs/failure.md has for it."""


def _used(pid: int) -> bool:
    """Whether a process is running or ready to, and not waiting."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "R"
