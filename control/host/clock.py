"""The monotonic clock as the kernel's programs have it, whatever time namespace this process is in.

In a time namespace (time_namespaces(7)) CLOCK_MONOTONIC is shifted for processes, and not for the program, whose lease
is by that clock.
"""

import time
from functools import cache
from pathlib import Path

OFFSETS = Path("/proc/self/timens_offsets")
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
NANOSECONDS = 1_000_000_000


def now_ns() -> int:
    """Return the host's CLOCK_MONOTONIC, in nanoseconds."""
    return time.monotonic_ns() - _offset_ns()


def now() -> float:
    """Return the host's CLOCK_MONOTONIC, in seconds: the same for every process of the machine."""
    return now_ns() / NANOSECONDS


@cache
def boot_id() -> str:
    """Return the id of this boot (random(4)): neither that clock nor a program's id means anything after the next."""
    return BOOT_ID.read_text().strip()


def uptime() -> tuple[str, float]:
    """Return this moment of the machine's own: the boot, and seconds of the host's clock in it."""
    return boot_id(), now()


def stamp() -> tuple[str, float, float]:
    """Return this moment so that it can be kept: the boot, seconds of the host's clock in it, seconds since 1970."""
    return *uptime(), time.time()


def age(boot: str, monotonic: float, at: float) -> float:
    """Return for how many seconds a kept moment is past.

    Within one boot no step of the wall clock matters; after another, one backwards must not make time negative.
    """
    return max(0.0, now() - monotonic if boot == boot_id() else time.time() - at)


@cache
def _offset_ns() -> int:
    """Return by how much the clock of this process is ahead, for all its life; 0 without time namespaces."""
    try:
        rows = [line.split() for line in OFFSETS.read_text().splitlines()]
    except OSError:
        return 0
    return next((int(row[1]) * NANOSECONDS + int(row[2]) for row in rows if row[0] in ("monotonic", "1")), 0)
