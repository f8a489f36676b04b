"""What a machine needs to be an edge, and how to get what it lacks."""

import ctypes.util
import importlib.util
import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from control.commands.client import AgentSocket
from control.commands.doctor import Finding
from control.commands.status import ReadStatus, Status
from control.config import Config
from control.datapath.datapath import check_bpffs
from control.datapath.interfaces import links
from control.datapath.program import pins
from control.datapath.program.headers import build_tree
from control.fault import Fault, Refused
from control.host.rights import lacking

OLDEST_KERNEL = (6, 1)  # Debian 12's
FREE_BYTES = 100_000_000  # for snapshots of a long list


def examine(config: Config, agent: Callable[[], Finding] | None = None) -> Iterator[Finding]:
    """Look at everything that an edge needs; the program is compiled and loaded once, to see.

    ``agent`` says what there is to say of the agent, where that is who asks; otherwise it is asked at its socket.
    """
    yield _kernel()
    yield _rights()
    yield _jit()
    yield _compiler()
    yield _headers()
    yield _bpffs(config)
    yield _program(config)
    yield _disk(config)
    yield agent() if agent else _agent(config)
    for interface in config.interfaces:
        fault = _doubt_about(interface.name)
        found, mend = (fault.why, fault.mend) if fault else ("fit", "")
        yield Finding(f"interface {interface.name}", fault is None, found, mend)


def _kernel() -> Finding:
    release = os.uname().release
    version = tuple(int(part) for part in release.split("-")[0].split(".")[:2])
    return Finding("kernel", version >= OLDEST_KERNEL, release, "Debian 12's kernel, 6.1, is the oldest that will do")


def _rights() -> Finding:
    without = lacking()
    return Finding("rights", not without, f"without {', '.join(without)}" if without else "enough", "run it as root")


def _jit() -> Finding:
    path = Path("/proc/sys/net/core/bpf_jit_enable")
    enabled = not path.exists() or path.read_text().strip() != "0"  # without the file it is always on
    return Finding("BPF JIT", enabled, "on" if enabled else "off", "sysctl net.core.bpf_jit_enable=1")


def _compiler() -> Finding:
    there = importlib.util.find_spec("bcc") is not None and ctypes.util.find_library("bcc") is not None
    return Finding("bcc", there, "there" if there else "not there", "apt install python3-bpfcc (PyPI's bcc is not it)")


def _headers() -> Finding:
    own, user = build_tree(), Path("/usr/include/linux/bpf.h").exists()
    found = f"the kernel's, {own}" if own else "the user interface's" if user else "none"
    return Finding("headers", own is not None or user, found, "apt install linux-libc-dev")


def _bpffs(config: Config) -> Finding:
    fault = check_bpffs(config.bpffs)
    return Finding("bpffs", fault is None, fault.why if fault else str(config.bpffs), fault.mend if fault else "")


def _program(config: Config) -> Finding:
    started = time.perf_counter()
    try:
        with pins.temporary(config.bpffs):
            return Finding("program", True, f"compiles and loads, {time.perf_counter() - started:.1f} s")
    except (Refused, OSError) as error:
        fault = error.faults[0] if isinstance(error, Refused) else None
        return Finding("program", False, fault.why if fault else str(error), fault.mend if fault else "see above")


def _disk(config: Config) -> Finding:
    try:
        place = config.state_dir
        while not place.exists():
            place = place.parent
        free = shutil.disk_usage(place).free
    except PermissionError as error:
        return Finding("disk", False, f"{error.filename} is for others alone", "run it as root")
    good = free >= FREE_BYTES and os.access(place, os.W_OK)
    return Finding("disk", good, f"{free / 1e6:,.0f} MB free at {place}", f"free {FREE_BYTES / 1e6:.0f} MB, writable")


def _agent(config: Config) -> Finding:
    try:
        state = AgentSocket(config.socket, timeout=5).ask(ReadStatus())
    except Refused as refused:
        (fault,) = refused.faults
        return Finding("agent", False, f"no answer at {config.socket}: {fault.why}", fault.mend)
    return running(state)


def running(state: Status) -> Finding:
    """Return what there is to say of an agent that answers."""
    return Finding("agent", True, f"up {state.uptime_s:,.0f} s, serial {state.serial}")


def _doubt_about(name: str) -> Fault | None:
    """Return the worst that speaks against guarding an interface of that name; none if nothing does."""
    try:
        link = links.find(name)
        wrong, doubtful = links.preflight(link, "auto")
    except Refused as refused:
        return refused.faults[0]
    blind = links.blind_spot(link)
    return next(iter([*wrong, *([blind] if blind else []), *doubtful]), None)
