"""Keeps the agent's answers free of pauses that memory makes: fresh pages from the kernel, and Python's collector.

A change of a list of a million makes a new one, 21 MB. glibc would hand each old one back to the kernel and ask for
the next, whose huge pages the kernel must first free up: pauses of 30 ms, measured by ``python -m bench change``.
"""

import ctypes
import gc

# mallopt(3): parameters of <malloc.h>, and the highest threshold that glibc takes on 64 bits.
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_ARENA_MAX = -1, -3, -8
HIGHEST_MMAP_THRESHOLD = 32 << 20  # bytes
KEPT = 512 << 20  # bytes that stay ours when freed; above that they go back to the kernel


def keep_freed() -> None:
    """Let memory once had be used again, by every thread, before the kernel is asked for more."""
    libc = ctypes.CDLL(None)
    if not hasattr(libc, "mallopt"):
        return  # not glibc: it works, with the pauses
    libc.mallopt(M_ARENA_MAX, 1)
    libc.mallopt(M_MMAP_THRESHOLD, HIGHEST_MMAP_THRESHOLD)
    libc.mallopt(M_TRIM_THRESHOLD, KEPT)


def settle() -> None:
    """Take what is there by now, modules above all, for permanent: the collector need not go through it again."""
    gc.collect()
    gc.freeze()
