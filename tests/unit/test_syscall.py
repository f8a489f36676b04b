"""What the kernel refuses: whoever asked is told, and nothing of them is kept."""

import gc
import weakref

import numpy as np

from control.datapath import syscall

NO_MAP = (1 << 31) - 1  # a file descriptor of nothing


class Held:
    """Stands for a list of a million."""


def ask() -> "weakref.ref[Held]":
    held, key = Held(), np.zeros(1, np.uint32)
    try:
        syscall.lookup(NO_MAP, key, key)
    except OSError:
        return weakref.ref(held)
    raise AssertionError("it was not refused")


def test_a_refusal_keeps_nothing_of_whoever_asked_until_the_collector_comes() -> None:
    gc.collect()
    gc.disable()
    try:
        assert ask()() is None
    finally:
        gc.enable()
