"""Keeps the agent's answers free of pauses that memory makes: fresh pages from the kernel, and Python's collector.

A change of a list of a million makes a new one, 21 MB. glibc would hand each old one back to the kernel and ask for
the next, whose huge pages the kernel must first free up: pauses of 30 ms, as docs/performance.md tells.

A whole list needs a hundred megabytes for a moment, and leaves what stays on top of them: without being told
(``give_back``), glibc would keep all of it for ever.
"""

import ctypes
import gc
import os
from pathlib import Path

# mallopt(3): parameters of <malloc.h>, and the highest threshold that glibc takes on 64 bits.
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_ARENA_MAX = -1, -3, -8
HIGHEST_MMAP_THRESHOLD = 32 << 20  # bytes
KEPT = 512 << 20  # bytes that stay ours when freed; above that they go back to the kernel
SLACK = 64 << 20  # bytes that may have come before it is worth it to look for what is free

STATM = Path("/proc/self/statm")
PAGE = os.sysconf("SC_PAGE_SIZE")


def keep_freed() -> None:
    """Let memory once had be used again, by every thread, before the kernel is asked for more."""
    libc = ctypes.CDLL(None)
    if not hasattr(libc, "mallopt"):
        return  # not glibc: it works, with the pauses
    libc.mallopt(M_ARENA_MAX, 1)
    libc.mallopt(M_MMAP_THRESHOLD, HIGHEST_MMAP_THRESHOLD)
    libc.mallopt(M_TRIM_THRESHOLD, KEPT)


def give_back() -> None:
    """Hand what is free back to the kernel, a few milliseconds' work, after what needed much for a moment."""
    libc = ctypes.CDLL(None)
    if hasattr(libc, "malloc_trim"):
        libc.malloc_trim(0)


class Growth:
    """What this process has taken since it last gave back what was free."""

    def __init__(self) -> None:
        self._settled = _resident()

    def give_back(self) -> None:
        """Do so where more than SLACK has come."""
        if _resident() - self._settled > SLACK:
            give_back()
            self._settled = _resident()


def _resident() -> int:
    """Return the bytes of memory that this process has."""
    return int(STATM.read_text().split()[1]) * PAGE


def settle() -> None:
    """Take what is there by now, modules above all, for permanent: the collector need not go through it again."""
    gc.collect()
    gc.freeze()
    give_back()
